#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace bl::verdict {

/// What one series says of a commit.
struct SeriesVerdict {
  double confidence = 0;  ///< probability of a change, 0 .. 1
  double change = 0;      ///< relative: 0.1 is ten percent more
  bool worse = false;     ///< whether the change is a regression
};

/// What all series together say of a commit.
struct CommitStatement {
  std::vector<std::size_t>
      changed;  ///< positions of the series believed to have changed, most probable first
  std::size_t regressions = 0, improvements = 0;  ///< among them
  double false_share = 0;                         ///< expected share of false ones among `changed`
  bool common_cause = false;  ///< two or more, nearly all in one direction and of one size
  double common_change = 0;   ///< their median change, when there is a common cause
};

/// Merges the verdicts of many series into one statement. Believes as many of the most probable as
/// keep the expected share of false ones (the mean of 1 - confidence) within `false_share_max`:
/// Bayesian false discovery control; needs no independence of the series. A common cause: at least
/// two changed, nine tenths in one direction, and half of them within a third of the median change.
/// O(n log n). Confidences outside 0 .. 1 (NaN too) are left out.
CommitStatement merge(std::span<const SeriesVerdict> verdicts, double false_share_max = 0.1);

}  // namespace bl::verdict
