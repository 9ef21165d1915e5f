#pragma once

#include <string>
#include <string_view>

#include "base/time.h"
#include "results/store/derived.h"
#include "store/database.h"

namespace bl::results {

/// Takes a result that is gone out of everything that is kept beside the facts: its number, its
/// series, the clustered history, its run, the counters. The opposite of add_derived, for a result
/// that had a number; its fact row is deleted before, in the same transaction. Rows are touched in
/// the same order (series, then run), so that the two never wait for each other in a circle.
Result<void> remove_derived(store::Connection& connection, const DerivedFact& fact);

/// A row of the change log, in the transaction of the change itself.
Result<void> log_change(store::Connection& connection, std::string_view op, std::string_view id,
                        Timestamp result_timestamp, Timestamp now);

/// What a removed result was of.
struct RemovedResult {
  std::string fingerprint, run_id;
};
/// A result goes: the fact, all that is kept beside it, and the change log says so. Errors:
/// not_found, those of the store.
Result<RemovedResult> remove_result(store::Connection& connection, std::string_view id,
                                    Timestamp now);

}  // namespace bl::results
