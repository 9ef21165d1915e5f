#include <algorithm>
#include <utility>

#include "events/event_index.h"
#include "events/index/index_folder.h"

namespace bl::events {
namespace {

constexpr int k_attempts = 3;

/// The one that was saved last first.
std::vector<std::string> saved_indexes(Disk& disk, const std::string& folder,
                                       const std::vector<std::string>& parents) {
  std::vector<std::pair<Timestamp, std::string>> found;
  for (const std::string& parent : parents) {
    const auto names = disk.list(parent);
    if (!names.ok()) continue;
    for (const std::string& name : *names) {
      const std::string path = parent + "/" + name;
      const auto saved_at = index::IndexFolder(disk, path).saved_at();
      if (saved_at && path != folder) found.emplace_back(*saved_at, path);
    }
  }
  std::ranges::sort(found, std::greater<>());
  std::vector<std::string> paths;
  for (auto& [at, path] : found) paths.push_back(std::move(path));
  return paths;
}

}  // namespace

void take_over_saved_index(Disk& disk, const std::string& folder,
                           const std::vector<std::string>& parents) {
  index::IndexFolder own(disk, folder);
  if (own.saved_at()) return;
  for (const std::string& other : saved_indexes(disk, folder, parents)) {
    for (int attempt = 0; attempt < k_attempts; ++attempt) {
      const auto taken = own.take_over(other);
      if (taken.ok() && *taken) return;
      if (!own.clear().ok()) return;
      if (!taken.ok()) break;
    }
  }
}

}  // namespace bl::events
