#pragma once

#include <string_view>

#include "store/database.h"

/// One series or one run made again from its facts, because some of them went or changed without
/// us. PostgreSQL alone: a SQLite file has one owner. Inside the caller's transaction.
namespace bl::results {

/// Counts, newest point and membership as the facts say; without facts the row goes. The status is
/// stale afterwards. Facts that have no number yet do not count. Cost: a pass over the series'
/// facts.
Result<void> remake_series(store::Connection& connection, std::string_view fingerprint);
/// The same for a run of one repository.
Result<void> remake_run(store::Connection& connection, std::string_view run_id,
                        std::string_view repository);

}  // namespace bl::results
