#include "verdict/residual_density.h"

#include <algorithm>
#include <cmath>

namespace bl::verdict {

namespace {

constexpr double k_bins_per_unit = 10;
constexpr double k_centre = 120;
constexpr int k_reach = 5;  // bins to each side of a bump
constexpr double k_outlier_share = 0.01;

/// The bump: a normal density of standard deviation 0.3 in asinh(u), cut at +-0.5.
const std::array<double, 2 * k_reach + 1>& bump() {
  static const auto weights = [] {
    std::array<double, 2 * k_reach + 1> w{};
    double sum = 0;
    for (int i = -k_reach; i <= k_reach; ++i) {
      const double z = i / k_bins_per_unit / 0.3;
      sum += w[static_cast<std::size_t>(i + k_reach)] = std::exp(-0.5 * z * z);
    }
    for (double& weight : w) weight /= sum;
    return w;
  }();
  return weights;
}

double place(double residual) {
  return std::clamp(std::asinh(residual), -11.4, 11.4) * k_bins_per_unit + k_centre;
}

double prior(double u, double outlier_span) {
  const double q = 1 + u * u / 4;
  const double student = 0.375 / (q * q * std::sqrt(q));  // t, 4 degrees of freedom
  const double size = std::fabs(u);
  const double outlier = (size < 3 ? 1.0 / 12 : 1 / (2 * size)) / (1 + outlier_span);
  return (1 - k_outlier_share) * student + k_outlier_share * outlier;
}

}  // namespace

ResidualDensity::ResidualDensity(double noise)
    : outlier_span_(std::log(std::max(2.0, 1 / (3 * noise)))) {}

void ResidualDensity::add(double residual) {
  const auto middle = static_cast<std::size_t>(place(residual) + 0.5);
  for (std::size_t i = 0; i < bump().size(); ++i) count_[middle - k_reach + i] += bump()[i];
  ++total_;
}

double ResidualDensity::at(double residual) const {
  const double where = place(residual);
  const auto bin = static_cast<std::size_t>(where);
  const double part = where - static_cast<double>(bin);
  const double learned = (count_[bin] * (1 - part) + count_[bin + 1] * part) * k_bins_per_unit /
                         std::sqrt(1 + residual * residual);
  return (learned + k_prior_weight * prior(residual, outlier_span_)) / (total_ + k_prior_weight);
}

}  // namespace bl::verdict
