#pragma once

#include "results/store/derived.h"
#include "store/database.h"

namespace bl::results {

/// Takes a result that is gone out of everything that is kept beside the facts: its number, its
/// series, the clustered history, its run, the counters. The opposite of add_derived, for a result
/// that had a number; its fact row is deleted before, in the same transaction. Rows are touched in
/// the same order (series, then run), so that the two never wait for each other in a circle.
Result<void> remove_derived(store::Connection& connection, const DerivedFact& fact);

}  // namespace bl::results
