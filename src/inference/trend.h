#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "inference/chart_point.h"
#include "inference/spline.h"

/// How a line of configurations changes from day to day (spec/inference.md 5.8). Pure; threads:
/// any.
namespace bl::inference {

/// A metric at a target interactivity, read from the curve through the front of points (x:
/// interactivity); at least 0. nullopt beyond the measured points. A front point that lacks the
/// metric counts as 0 there, or makes the answer nullopt.
struct TrendTarget {
  double interactivity = 35;                                        ///< tokens per second and user
  std::optional<DerivedMetric> metric = DerivedMetric::throughput;  ///< nullopt: none has it
};
std::optional<double> metric_at(std::span<const ChartPoint> points, const TrendTarget& target,
                                TwoKnots two_knots, MissingValues missing);

struct TrendPoint {
  std::string date;
  double value = 0;
  bool synthetic = false;  ///< repeats the last measured value
};
/// One line for each `hwKey__precision`, by date. Each date counts only what was measured on it; a
/// date without a value at the target has no point. Lines end at `today` with a synthetic point
/// when they were last measured before it. Rows: of one model and sequence.
std::map<std::string, std::vector<TrendPoint>> trends(std::span<const ChartPoint> points,
                                                      const TrendTarget& target,
                                                      std::string_view today, TwoKnots two_knots,
                                                      MissingValues missing);

}  // namespace bl::inference
