#include "verdict/robust.h"

#include <algorithm>

namespace bl::verdict {

double median(std::vector<double>& values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  const double high = *middle;
  if (values.size() % 2 == 1) return high;
  return (high + *std::max_element(values.begin(), middle)) / 2;
}

double order_statistic(std::vector<double>& values, double q) {
  if (values.empty()) return 0;
  const auto rank = static_cast<std::ptrdiff_t>(q * static_cast<double>(values.size()));
  const auto at = values.begin() + std::min(rank, static_cast<std::ptrdiff_t>(values.size()) - 1);
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

double robust_level(std::span<const double> values, double reach) {
  if (values.empty()) return 0;
  std::vector<double> copy(values.begin(), values.end());
  const double middle = median(copy);
  if (reach <= 0) return middle;
  double sum = 0;
  for (const double v : values) sum += std::clamp(v - middle, -reach, reach);
  return middle + sum / static_cast<double>(values.size());
}

}  // namespace bl::verdict
