#pragma once

#include "inference/store/known_dimensions.h"
#include "store/database.h"

/// The points of a run, written. Private to the store's side.
namespace bl::inference {

/// Whose rows are written.
struct RunPlace {
  std::int64_t id = 0;
  std::string date;   ///< of the first time that the run was written
  std::string place;  ///< in the order of runs
};

/// `logs`: the ids of the sweep's server logs. What a new row lacks, kv_cache_pool_tokens and, of
/// agentic points, the audit of power, is kept of the stored one (spec/inference.md 1.2); so is its
/// server log. Errors: corrupt (a stored document), those of the database.
Result<WriteCount> write_points(store::Connection& connection, const RunPlace& run,
                                const Sweep& sweep, const SweepIds& ids,
                                std::span<const std::int64_t> logs);

}  // namespace bl::inference
