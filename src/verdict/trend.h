#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

/// Where a series is heading: a straight line through its points (spec/results-conbench.md 4.9).
/// Pure.
namespace bl::verdict {

struct TrendPoint {
  std::int64_t micros = 0;  ///< since 1970
  double value = 0;         ///< finite
};

struct TrendOptions {
  std::size_t points_min = 10;
  double outlier_iqrs = 10;   ///< a point farther than so many IQRs from the median is left out
  std::size_t kept_last = 2;  ///< but never these: what is new may be a step
};

struct Trend {
  double first_value = 0, last_value = 0;  ///< of the line, at its first and last point
  /// Slope by intercept of the line over normalised time (the first point at 0, the last at 1): 0.1
  /// means a tenth more at the end. The intercept's sign is left out: positive = the value grows.
  double relative_change = 0;
  std::vector<std::size_t> points;  ///< indexes of the points that the line goes through
};

/// Least squares; quartiles by linear interpolation. `points`: oldest first. nullopt: too few
/// points, all of one instant, a line that begins at 0, or one that no double holds. Cost: a sort.
std::optional<Trend> trend_of(std::span<const TrendPoint> points, const TrendOptions& options = {});

}  // namespace bl::verdict
