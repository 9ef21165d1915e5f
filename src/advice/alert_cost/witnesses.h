#pragma once

#include <span>
#include <vector>

#include "advice/alert_cost/parts.h"

/// What speaks for and against something that was told of one series.
namespace bl::advice {

/// One slowdown that was told of a series.
struct Told {
  std::size_t series = 0;  ///< place among the series
  std::size_t since = 0;   ///< place of its commit among the measured ones
  const CostSaid* said = nullptr;
  const CostResult* at_result = nullptr;
  const CostResult* since_result = nullptr;
};

/// What people said of the results of one measured commit.
std::vector<Evidence> marks_at(const MeasuredSeries& series, std::size_t place);

/// Marks of its commit; reverts of that commit, or of one between it and the measured commit
/// before; whether the same code measured again has its former level (and most of the next five
/// results, if there are any, too).
std::vector<Evidence> evidence_of(const MeasuredSeries& series, const Told& told,
                                  std::span<const Revert> reverts, const CostLimits& limits);

/// Confirmed or false when some evidence says so and none the contrary, else unknown.
Answer answer_of(std::span<const Evidence> evidence);

}  // namespace bl::advice
