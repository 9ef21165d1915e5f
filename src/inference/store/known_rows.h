#pragma once

#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "store/database.h"

/// The ids of rows that are never changed or deleted: configurations and lines. What is new is
/// added in a transaction of its own, in the order of its values, so that writers that add the same
/// rows meet in the same order. Threads: any. Private to the store's side.
namespace bl::inference {

class KnownRows {
 public:
  /// `read`: id, the count of the values, the values, of all rows; `add`: the values, on conflict
  /// do nothing.
  KnownRows(store::Sql read, store::Sql add) : read_(read), add_(add) {}

  struct Found {
    std::vector<std::int64_t> ids;  ///< of each of the rows that were asked for
    std::int64_t added = 0, distinct = 0;
  };
  /// Values: integers, texts, nulls. Errors: conflict (values that the table refuses), those of the
  /// database.
  Result<Found> ids_of(store::Database& database,
                       const std::vector<std::vector<store::Param>>& rows);

 private:
  using Wanted = std::map<std::string, const std::vector<store::Param>*, std::less<>>;  // by key
  Wanted missing_of(const Wanted& wanted);
  Result<void> load(store::Database& database);
  Result<std::int64_t> add(store::Database& database, const Wanted& missing);

  store::Sql read_, add_;
  std::mutex mutex_;
  std::unordered_map<std::string, std::int64_t> ids_;  // guarded by mutex_
};

}  // namespace bl::inference
