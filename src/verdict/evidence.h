#pragma once

#include <array>
#include <cstddef>
#include <span>

/// From what is seen of a possible change to how probable it is. Pure; any thread.
///
/// A possible change is described by a few numbers (the features below), each with a plain
/// meaning. Online, the logarithm of the odds that it is real is the mean of a weighted sum and of
/// 120 small decision trees: the sum carries over to series unlike all that were learned
/// from, the trees know how the features depend on one another. In a whole history it is a weighted
/// sum. All were fitted to changes injected into real noise (docs/verdict.md says how, and what a
/// fit without a project scores on that project).
namespace bl::verdict {

/// Features of the newest `window` results against the level before them.
enum class OnlineFeature : std::size_t {
  constant,       ///< 1
  likelihood,     ///< log of (likelihood and prior of a change : of none), -12 .. 25
  size,           ///< log of the relative change
  noise_units,    ///< log of the change in units of the noise
  baseline,       ///< log of how many results the level before rests on, at most 80
  correlation,    ///< log of how much more window means vary than independence allows
  past_third,     ///< log rate of windows in this series' past that moved 35 % as far
  past_most,      ///< the same, 60 %
  past_whole,     ///< the same, 90 %
  past_opposite,  ///< the same, 60 % the other way
  outliers,       ///< log rate of residuals beyond 5 units in the past
  recent_noise,   ///< log of the mean size of the 12 residuals before, in units
  spread,         ///< the largest distance within the window from its level, at most 8 units
  strays,         ///< share of the window further than 3 units from its level
  settling,       ///< second half of the window less its first, in the direction of change
  recovery,       ///< 1 when the new level is the one before the previous change
  beyond_usual,   ///< log of the change over 18 %, when it is larger: hiccups are large
  familiar,       ///< log rate of results in the past that stood where the window stands
  restlessness,   ///< log of (1 + levels begun in the newest 250 results)
  visits,         ///< log of (1 + earlier levels like the window's, the former one left out)
  recent_spread,  ///< log of the noise of the newest 30 residuals before, in units
  underway,       ///< share of the change that the 12 results before had made: -1 .. 1
  count
};
inline constexpr std::size_t k_online_features = static_cast<std::size_t>(OnlineFeature::count);
using OnlineFeatures = std::array<double, k_online_features>;

/// Log-odds that the newest `window` (1..24) results stand on a new level. The weights of the sum
/// depend on the window: linear in its base-2 logarithm, and a third set for a window of one. The
/// trees take it as one more feature. About two microseconds.
double log_odds(const OnlineFeatures& features, int window);

/// Features of a change between two adjacent segments of a whole history.
enum class SegmentFeature : std::size_t {
  constant,        ///< 1
  log_gain,        ///< log of the robust cost that the change saves
  noise_units,     ///< log of the change in units of the noise
  shorter_side,    ///< log of the length of the shorter segment, at most 60
  correlation,     ///< as above, of the whole history
  overlap,         ///< share of results nearer to the other segment's level, both sides summed
  returning,       ///< log of (1 + changes of the same size the other way in 100 results): modes
  wander,          ///< log of the change over what the level moves within the segments
  size,            ///< log of the relative change
  restlessness,    ///< log of (1 + first candidates in 100 results)
  brief,           ///< 1 when a side is shorter than 5 results
  gain,            ///< the saved cost over ten, at most 6
  against_a_line,  ///< cost of a straight line less that of the step, over the gain: -0.5 .. 1
  count
};
inline constexpr std::size_t k_segment_features = static_cast<std::size_t>(SegmentFeature::count);
using SegmentFeatures = std::array<double, k_segment_features>;

double log_odds(const SegmentFeatures& features);

/// 1 / (1 + exp(-log_odds)).
double probability(double log_odds);

}  // namespace bl::verdict
