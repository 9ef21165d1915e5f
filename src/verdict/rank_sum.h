#pragma once

#include <optional>
#include <span>

namespace bl::verdict {

/// Whether values of one sample tend to be larger than those of another: the test of Wilcoxon, Mann
/// and Whitney. Asks nothing of the distributions. Two-sided probability of ranks at least as
/// uneven when both samples come from one source: exact up to 20 values in all (ties too), else by
/// the normal approximation, corrected for ties and continuity. nullopt: a sample is empty, or has
/// NaN. Pure; any thread. O(n log n), plus some tens of microseconds when exact.
std::optional<double> rank_sum_p_value(std::span<const double> baseline,
                                       std::span<const double> contender);

/// By how much the contender is larger: the median of all differences of a contender's and a
/// baseline's value (Hodges and Lehmann), with the interval that covers the true shift 95 times in
/// 100. nullopt as above. O(n * m).
struct Shift {
  double middle = 0, low = 0, high = 0;
};
std::optional<Shift> shift_between(std::span<const double> baseline,
                                   std::span<const double> contender);

}  // namespace bl::verdict
