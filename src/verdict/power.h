#pragma once

#include <cstdint>
#include <optional>

/// How many runs a question needs. Pure; any thread.
namespace bl::verdict {

struct PowerQuestion {
  double change = 0;             ///< as it was seen; the unit of `noise`, such as percent
  double noise = 0;              ///< standard deviation of one result
  std::int64_t runs_before = 0;  ///< results on the old level
  std::int64_t runs_after = 0;   ///< on the new one
  std::int64_t comparisons = 1;  ///< made beside each other: each gets its part of `mistakes`
  double mistakes = 0.05;        ///< probability of calling nothing a change
  double power = 0.8;            ///< probability of finding a change of that size
};

/// The fewest further runs on the new level, 1 or more, after which a difference of means would be
/// found with that power, were the change as it was seen and the noise normal and independent.
/// nullopt: more than `runs_max` (what is known of the old level may bound it), or nothing to ask
/// about (no noise known, no results before, no change).
std::optional<std::int64_t> runs_to_decide(const PowerQuestion& question, std::int64_t runs_max);

/// Half of the interval that holds the difference of both means 95 times in 100, as above. nullopt:
/// a side has no result, or the noise is not known.
std::optional<double> interval_of_change(double noise, std::int64_t runs_before,
                                         std::int64_t runs_after);

}  // namespace bl::verdict
