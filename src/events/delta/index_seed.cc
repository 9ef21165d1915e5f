#include "events/delta/index_seed.h"

#include <algorithm>
#include <utility>

#include "base/file_copy.h"

namespace bl::events::delta {
namespace {

const std::string k_manifest = "/manifest";
constexpr std::uint64_t k_manifest_bytes_max = 64u << 20;
constexpr int k_attempts = 3;

/// Indexes that are there, the one that was saved last first.
std::vector<std::string> saved_indexes(Disk& disk, const std::string& folder,
                                       const std::vector<std::string>& parents) {
  std::vector<std::pair<Timestamp, std::string>> found;
  for (const std::string& parent : parents) {
    const auto names = disk.list(parent);
    if (!names.ok()) continue;
    for (const std::string& name : *names) {
      const std::string path = parent + "/" + name;
      const auto manifest = disk.facts(path + k_manifest);
      if (manifest.ok() && path != folder) found.emplace_back(manifest->modified, path);
    }
  }
  std::ranges::sort(found, std::greater<>());
  std::vector<std::string> paths;
  for (auto& [at, path] : found) paths.push_back(std::move(path));
  return paths;
}

Result<void> clear(Disk& disk, const std::string& folder) {
  BL_TRY(const auto names, disk.list(folder));
  for (const auto& name : names) BL_RETURN_IF_ERROR(disk.remove(folder + "/" + name));
  return {};
}

Result<void> take_file(Disk& disk, const std::string& from, const std::string& to) {
  if (disk.link(from, to).ok()) return {};
  const auto copied = copy_file(disk, from, to, [](std::uint64_t, std::uint64_t) { return true; });
  if (!copied.ok()) return copied.error();
  return {};
}

/// False: the other index was saved anew meanwhile, and some of its files may be gone.
Result<bool> take_over(Disk& disk, const std::string& from, const std::string& folder) {
  BL_TRY(const std::string manifest, read_file(disk, from + k_manifest, k_manifest_bytes_max));
  BL_TRY(const auto names, disk.list(from));
  for (const auto& name : names) {
    if ("/" + name == k_manifest) continue;
    const auto taken = take_file(disk, from + "/" + name, folder + "/" + name);
    if (!taken.ok() && taken.error().code != Code::not_found) return taken.error();
  }
  // Files go only after a manifest that does not name them: with the same one, all are here.
  BL_TRY(const std::string then, read_file(disk, from + k_manifest, k_manifest_bytes_max));
  if (then != manifest) return false;
  BL_RETURN_IF_ERROR(write_file_atomically(disk, folder + k_manifest, manifest, FileMode::normal));
  return true;
}

}  // namespace

bool seed_index(Disk& disk, const std::string& folder, const std::vector<std::string>& parents) {
  const auto is_there = disk.exists(folder + k_manifest);
  if (!is_there.ok() || *is_there) return is_there.ok();
  for (const std::string& other : saved_indexes(disk, folder, parents)) {
    for (int attempt = 0; attempt < k_attempts; ++attempt) {
      const auto taken = take_over(disk, other, folder);
      if (taken.ok() && *taken) return true;
      if (!clear(disk, folder).ok()) return false;
      if (!taken.ok()) break;
    }
  }
  return false;
}

}  // namespace bl::events::delta
