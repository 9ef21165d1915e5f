#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "store/database.h"

/// What an operator asks of the sweeps in a store: how much there is, and whether it is right in
/// itself.
namespace bl::inference {

struct SweepCheck {
  /// Rows by table (`points`, `configs`, ...), and points that have each of the hot metrics.
  std::vector<std::pair<std::string, std::int64_t>> counts;
  std::string first_date, last_date;  ///< of runs; empty when there are none
  /// What does not hold, with how many rows break it: a sentence each. Empty is good.
  std::vector<std::string> faults;
};

/// Compares every hot column with its document, and what is found by lines with the points. Cost: a
/// few passes over the points, each a read of its own. Errors: those of the store (timeout: more
/// than DatabaseLimits::read_ms_max for one pass).
Result<SweepCheck> check_sweeps(store::Database& database);

}  // namespace bl::inference
