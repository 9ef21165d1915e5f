#pragma once

#include <string_view>
#include <vector>

#include "results/ports.h"
#include "store/database.h"

/// The points of a series on PostgreSQL, which keeps no copy of them. Private to the store's side.
namespace bl::results {

/// Reads the points of `fingerprint` into `history`, by commit time, then result time, and gives
/// their values in the same order. history.repository is where most of their commits are looked
/// for. Cost: the series' facts, and its commits in three statements at most. Errors: corrupt.
Result<std::vector<verdict::LookbackRow>> read_points_of_facts(store::Connection& connection,
                                                               std::string_view fingerprint,
                                                               SummaryMode mode, History& history);

}  // namespace bl::results
