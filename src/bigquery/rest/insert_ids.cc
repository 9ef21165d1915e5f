#include "bigquery/rest/insert_ids.h"

#include <algorithm>

namespace bl::bigquery::rest {

void InsertIds::age() {
  const auto now = clock_.steady_now();
  const auto young_for = now - young_since_;
  if (young_for < known_for_ && young_.size() < count_max_ / 2) return;
  old_ = young_for < 2 * known_for_ ? std::move(young_) : Set();
  young_.clear();
  young_since_ = now;
}

InsertIds::Claim InsertIds::claim(std::int64_t table, const std::vector<std::string_view>& ids,
                                  std::vector<bool>& is_repeated) {
  is_repeated.assign(ids.size(), false);
  std::vector<std::string> keys(ids.size());
  const std::string prefix = std::to_string(table) + ' ';
  bool has_any = false;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (ids[i].empty()) continue;
    keys[i].reserve(prefix.size() + ids[i].size());
    keys[i].append(prefix).append(ids[i]);
    has_any = true;
  }
  std::vector<std::string> fresh;
  if (!has_any) return {*this, std::move(fresh)};
  std::unique_lock lock(mutex_);
  // All or none are claimed at once, so that no two requests wait for each other.
  ended_.wait(lock, [&] {
    return std::ranges::none_of(
        keys, [&](const std::string& key) { return !key.empty() && pending_.contains(key); });
  });
  age();
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (keys[i].empty()) continue;
    is_repeated[i] =
        young_.contains(keys[i]) || old_.contains(keys[i]) || !pending_.insert(keys[i]).second;
    if (!is_repeated[i]) fresh.push_back(std::move(keys[i]));
  }
  return {*this, std::move(fresh)};
}

void InsertIds::Claim::end(bool is_kept) {
  if (owner_ == nullptr) return;
  InsertIds& ids = *std::exchange(owner_, nullptr);
  if (fresh_.empty()) return;
  {
    const std::lock_guard lock(ids.mutex_);
    for (std::string& key : fresh_) {
      ids.pending_.erase(key);
      if (is_kept) ids.young_.insert(std::move(key));
    }
  }
  ids.ended_.notify_all();
}

}  // namespace bl::bigquery::rest
