#include "verdict/trend.h"

#include <algorithm>
#include <cmath>

namespace bl::verdict {
namespace {

/// `sorted` is not empty.
double quantile(const std::vector<double>& sorted, double q) {
  const double place = static_cast<double>(sorted.size() - 1) * q;
  const auto below = static_cast<std::size_t>(place);
  const double low = sorted[below];
  const double high = sorted[std::min(below + 1, sorted.size() - 1)];
  return low + (high - low) * (place - static_cast<double>(below));
}

std::vector<std::size_t> without_outliers(std::span<const TrendPoint> points,
                                          const TrendOptions& options) {
  std::vector<double> sorted;
  sorted.reserve(points.size());
  for (const TrendPoint& point : points) sorted.push_back(point.value);
  std::sort(sorted.begin(), sorted.end());
  const double median = quantile(sorted, 0.5);
  const double reach = options.outlier_iqrs * (quantile(sorted, 0.75) - quantile(sorted, 0.25));
  std::vector<std::size_t> kept;
  kept.reserve(points.size());
  for (std::size_t i = 0; i < points.size(); ++i) {
    const bool is_last = points.size() - i <= options.kept_last;
    if (is_last || std::abs(points[i].value - median) <= reach) kept.push_back(i);
  }
  return kept;
}

}  // namespace

std::optional<Trend> trend_of(std::span<const TrendPoint> points, const TrendOptions& options) {
  if (points.empty() || points.size() < options.points_min) return std::nullopt;
  Trend trend;
  trend.points = without_outliers(points, options);
  if (trend.points.empty()) return std::nullopt;
  const std::int64_t begin = points[trend.points.front()].micros;
  const auto span = static_cast<double>(points[trend.points.back()].micros - begin);
  if (!(span > 0)) return std::nullopt;
  const auto time_of = [&](std::size_t i) {
    return static_cast<double>(points[i].micros - begin) / span;
  };
  const auto count = static_cast<double>(trend.points.size());
  // From the first value on, so that what stays as it is has a slope of exactly 0.
  const double first = points[trend.points.front()].value;
  double time_mean = 0, rise_mean = 0;
  for (const std::size_t i : trend.points) {
    time_mean += time_of(i) / count;
    rise_mean += (points[i].value - first) / count;
  }
  double covariance = 0, variance = 0;
  for (const std::size_t i : trend.points) {
    const double time = time_of(i) - time_mean;
    covariance += time * (points[i].value - first - rise_mean);
    variance += time * time;
  }
  const double slope = covariance / variance;
  trend.first_value = first + rise_mean - slope * time_mean;
  trend.last_value = trend.first_value + slope;
  trend.relative_change = slope / std::abs(trend.first_value);
  if (!std::isfinite(trend.relative_change) || !std::isfinite(trend.last_value)) {
    return std::nullopt;
  }
  return trend;
}

}  // namespace bl::verdict
