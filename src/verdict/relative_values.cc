#include "verdict/relative_values.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "verdict/robust.h"

namespace bl::verdict {

RelativeScale RelativeScale::of(std::span<const double> values) {
  RelativeScale scale;
  if (values.empty()) return scale;
  scale.logarithmic_ = std::all_of(values.begin(), values.end(), [](double v) { return v > 0; });
  if (scale.logarithmic_) {
    scale.reference_ = std::log(values.front());
    return scale;
  }
  std::vector<double> magnitudes;
  magnitudes.reserve(values.size());
  for (const double v : values) magnitudes.push_back(std::fabs(v));
  const double largest = *std::max_element(magnitudes.begin(), magnitudes.end());
  scale.reference_ = median(magnitudes);
  if (scale.reference_ == 0) scale.reference_ = largest > 0 ? largest : 1;
  return scale;
}

double RelativeScale::of(double value) const {
  constexpr double k_grid = 1.0 / (1ull << 36);
  constexpr double k_most = 1e12;
  if (logarithmic_) return std::round((std::log(value) - reference_) / k_grid) * k_grid;
  const double ratio = std::clamp(value / reference_, -k_most, k_most);
  return std::fabs(ratio) < 1e5 ? std::round(ratio / k_grid) * k_grid : ratio;
}

double RelativeScale::relative_change(double difference) const {
  return logarithmic_ ? std::expm1(difference) : difference;
}

}  // namespace bl::verdict
