#pragma once

#include <cstddef>
#include <cstring>
#include <mutex>
#include <unordered_map>

#include "results/store/dimensions.h"

namespace bl::results {

/// Rows of dimensions that a writer found or made before. They never change. Who deletes one (only
/// with all of its results) makes the next result that names it fail, by its foreign key: the
/// writer then forgets all and asks again. Threads: any.
class KnownDimensions {
 public:
  /// Holds so many rows; full, it begins anew.
  explicit KnownDimensions(std::size_t rows_max) : rows_max_(rows_max) {}

  /// Fills in the rows that it knows. True when there are any.
  bool find(DimensionRows& rows) const;
  /// Rows of a transaction that is committed.
  void keep(const DimensionRows& rows);
  void forget();

 private:
  struct Hash {
    std::size_t operator()(const DimensionKey& key) const {
      std::size_t hash = 0;
      std::memcpy(&hash, key.sha256.data(), sizeof hash);
      return hash;
    }
  };

  const std::size_t rows_max_;
  mutable std::mutex mutex_;
  std::unordered_map<DimensionKey, DimensionRow, Hash> rows_;  // guarded by mutex_
};

}  // namespace bl::results
