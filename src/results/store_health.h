#pragma once

#include <optional>

#include "base/time.h"
#include "store/database.h"

/// How the stored results are, in numbers: for operators (status page, doctor).
namespace bl::results {

struct StoreHealth {
  std::int64_t results = 0, runs = 0, series = 0;
  std::int64_t stale_series = 0;  ///< whose status is older than their newest result
  std::int64_t commits = 0;
  std::int64_t unknown_commits = 0;  ///< of which nothing but the hash is known
  std::optional<Timestamp> newest_change;
};

/// In one snapshot. Errors: those of the driver (an old schema has not the tables). Cost: counters,
/// and a scan of the commits.
Result<StoreHealth> store_health(store::Database& database);

}  // namespace bl::results
