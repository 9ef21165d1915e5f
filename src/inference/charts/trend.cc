#include "inference/trend.h"

#include <algorithm>

#include "inference/pareto.h"

namespace bl::inference {
namespace {

std::optional<double> value_of(const ChartPoint& point, std::optional<DerivedMetric> metric) {
  if (!metric) return std::nullopt;
  if (metric == DerivedMetric::output_throughput && !point.derived[*metric])
    return point.derived[DerivedMetric::throughput];
  return point.derived[*metric];
}

}  // namespace

std::optional<double> metric_at(std::span<const ChartPoint> points, const TrendTarget& target,
                                TwoKnots two_knots, MissingValues missing) {
  std::vector<PlanePoint> plane;
  for (const ChartPoint& point : points)
    plane.push_back({point.x, point.derived[DerivedMetric::throughput].value_or(0)});
  std::vector<double> xs, ys;
  for (const std::size_t i : pareto_front(plane, Corner::upper_left)) {
    const std::optional<double> y = value_of(points[i], target.metric);
    if (!y && missing == MissingValues::absent) return std::nullopt;
    xs.push_back(points[i].x);
    ys.push_back(y.value_or(0));
  }
  const double x = target.interactivity;
  if (xs.empty() || !(x >= xs.front() && x <= xs.back())) return std::nullopt;
  return std::max(0.0, hermite_interpolate(xs, ys, monotone_slopes(xs, ys, two_knots), x));
}

std::map<std::string, std::vector<TrendPoint>> trends(std::span<const ChartPoint> points,
                                                      const TrendTarget& target,
                                                      std::string_view today, TwoKnots two_knots,
                                                      MissingValues missing) {
  std::map<std::string, std::map<std::string, std::vector<ChartPoint>>> lines;
  for (const ChartPoint& point : points) {
    const ChartEntry& entry = point.entry;
    lines[line_key(entry.hw_key, entry.precision)][entry.date].push_back(point);
  }
  std::map<std::string, std::vector<TrendPoint>> found;
  for (const auto& [line, dates] : lines) {
    std::vector<TrendPoint> trend;
    for (const auto& [date, measured] : dates) {
      if (const auto value = metric_at(measured, target, two_knots, missing))
        trend.push_back({date, *value, false});
    }
    if (trend.empty()) continue;
    if (trend.back().date < today) trend.push_back({std::string(today), trend.back().value, true});
    found.emplace(line, std::move(trend));
  }
  return found;
}

}  // namespace bl::inference
