#include "results/store/known_dimensions.h"

namespace bl::results {

bool KnownDimensions::find(DimensionRows& rows) const {
  bool is_any = false;
  const std::lock_guard lock(mutex_);
  for (auto& [key, row] : rows) {
    const auto known = rows_.find(key);
    if (known == rows_.end()) continue;
    row = known->second;
    is_any = true;
  }
  return is_any;
}

void KnownDimensions::keep(const DimensionRows& rows) {
  const std::lock_guard lock(mutex_);
  for (const auto& [key, row] : rows) {
    if (rows_.size() >= rows_max_) rows_.clear();
    if (!row.id.empty()) rows_.try_emplace(key, row);
  }
}

void KnownDimensions::forget() {
  const std::lock_guard lock(mutex_);
  rows_.clear();
}

}  // namespace bl::results
