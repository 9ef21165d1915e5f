#include "events/delta/index_folder.h"

#include <unistd.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace bl::events::delta {
namespace {

constexpr int k_slots_max = 10'000;

/// When something in it was written last.
Timestamp written_at(Disk& disk, const std::string& folder) {
  Timestamp newest;
  const auto names = disk.list(folder);
  if (!names.ok()) return newest;
  for (const auto& name : *names) {
    const auto facts = disk.facts(folder + "/" + name);
    if (facts.ok()) newest = std::max(newest, facts->modified);
  }
  return newest;
}

}  // namespace

Result<IndexFolder> IndexFolder::take(Disk& disk, const std::string& parent) {
  BL_RETURN_IF_ERROR(disk.make_folder(parent));
  BL_TRY(const auto names, disk.list(parent));
  std::vector<std::pair<Timestamp, std::string>> there;
  for (const auto& name : names) {
    const auto facts = disk.facts(parent + "/" + name);
    if (!facts.ok() || facts->kind != FileFacts::Kind::folder) continue;
    there.emplace_back(written_at(disk, parent + "/" + name), name);
  }
  std::sort(there.begin(), there.end(), std::greater<>());
  const std::string note = "process " + std::to_string(::getpid());
  const auto lock = [&](const std::string& name) {
    return disk.lock(parent + "/" + name + ".lock", note);
  };
  for (const auto& [at, name] : there) {
    auto locked = lock(name);
    if (locked.ok()) return IndexFolder(parent + "/" + name, *std::move(locked));
    if (locked.error().code != Code::conflict) return std::move(locked).error();
  }
  for (int slot = 0; slot < k_slots_max; ++slot) {
    const std::string name = std::to_string(slot);
    auto locked = lock(name);
    if (!locked.ok() && locked.error().code == Code::conflict) continue;
    if (!locked.ok()) return std::move(locked).error();
    BL_RETURN_IF_ERROR(disk.make_folder(parent + "/" + name));
    return IndexFolder(parent + "/" + name, *std::move(locked));
  }
  return Error{Code::overloaded, "too many processes have an index of the event table: " + parent};
}

Result<void> IndexFolder::clear(Disk& disk) const {
  BL_TRY(const auto names, disk.list(path_));
  for (const auto& name : names) BL_RETURN_IF_ERROR(disk.remove(path_ + "/" + name));
  return disk.sync_folder(path_);
}

}  // namespace bl::events::delta
