#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "base/result.h"
#include "verdict/detector.h"
#include "verdict/evidence.h"

namespace bl::verdict {

/// One change of level in a whole history.
struct Change {
  std::size_t first = 0;  ///< index of the first result of the new level
  double change = 0;      ///< relative: 0.1 is ten percent more
  double log_odds = 0;    ///< ln(p / (1 - p))
  double confidence = 0;  ///< p, 0 .. 1
  bool recovers = false;  ///< the new level is the one before the previous change
  /// The jump is that from one unit to another (unit_change.h): the benchmark changed, not the
  /// code.
  bool of_unit = false;
};

/// A stretch that moved steadily rather than at one commit.
struct Drift {
  std::size_t first = 0, last = 0;  ///< indexes, both included
  double change = 0;                ///< relative, from the first to the last
};

struct HistoryOfChanges {
  std::vector<Change>
      changes;                ///< in order; changes of machine and expected ones are not among them
  std::vector<Drift> drifts;  ///< in order
  double noise = 0;           ///< one unit of noise as a relative difference
  std::size_t without_value = 0;  ///< results that are NaN or infinite, left out
};

struct SegmentationLimits {
  std::size_t results_max = 100'000;
  std::size_t levels_max = 512;  ///< candidate levels; more are thinned out
};

/// All changes of a whole history, with the right commit. The cheapest path through candidate
/// levels under a bounded cost (Viterbi; a change costs a fixed penalty, but nothing where the
/// machine changes) proposes; then the least probable proposal (evidence.h) is taken back until all
/// that are left are more probable than not; each stands at the cheapest split between its
/// neighbours. Scaling the values by a positive factor changes nothing.
///
/// Errors: too_large (more than results_max). Pure. Cost: O(results x levels), about 2 ms for 1,000
/// results; memory one byte for each result and level.
Result<HistoryOfChanges> changes_of(std::span<const Observation> series,
                                    const SegmentationLimits& limits = {});

/// As above; tells of each proposal that is looked at, in every round: for calibration.
using SegmentObserver =
    std::function<void(std::size_t first, bool larger, const SegmentFeatures& features)>;
Result<HistoryOfChanges> changes_of(std::span<const Observation> series,
                                    const SegmentationLimits& limits,
                                    const SegmentObserver& observer);

}  // namespace bl::verdict
