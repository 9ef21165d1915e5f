#include "inference/statistics.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/check.h"

namespace bl::inference {

double percentile_of_sorted(const std::vector<double>& sorted, double p) {
  BL_CHECK(!sorted.empty());
  double place = static_cast<double>(sorted.size() - 1) * p / 100;
  auto below = static_cast<std::size_t>(std::floor(place));
  std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (sorted[above] - sorted[below]) * (place - static_cast<double>(below));
}

double mean_of(const std::vector<double>& values) {
  BL_CHECK(!values.empty());
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double standard_deviation_of(const std::vector<double>& values) {
  double mean = mean_of(values), sum = 0;
  for (double value : values) sum += (value - mean) * (value - mean);
  return std::sqrt(sum / static_cast<double>(values.size()));
}

std::optional<Summary> summary_of(std::vector<double> values) {
  if (values.empty()) return std::nullopt;
  Summary summary{.mean = mean_of(values), .std = standard_deviation_of(values)};
  std::sort(values.begin(), values.end());
  summary.p50 = percentile_of_sorted(values, 50);
  summary.p75 = percentile_of_sorted(values, 75);
  summary.p90 = percentile_of_sorted(values, 90);
  summary.p95 = percentile_of_sorted(values, 95);
  return summary;
}

}  // namespace bl::inference
