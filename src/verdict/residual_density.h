#pragma once

#include <array>
#include <cstddef>

/// What the noise of one series looks like, learned from its own residuals. Pure; owned by one
/// thread.
namespace bl::verdict {

/// Density of residuals in units of the noise. Each residual adds a smooth bump, as wide as its
/// distance from zero demands (constant width in asinh(u)): modes, skew and outliers that the
/// series has shown are part of its noise. Before there are residuals a prior stands in, worth
/// `k_prior_weight` of them: Student's t with 4 degrees of freedom, and one percent of outliers
/// spread evenly over the logarithm of their size.
class ResidualDensity {
 public:
  static constexpr double k_prior_weight = 8;

  ResidualDensity() = default;
  /// `noise`: one unit as a relative difference; outliers reach from 3 units to about a third.
  explicit ResidualDensity(double noise);
  /// O(1).
  void add(double residual);
  /// Density at a residual; positive everywhere. O(1).
  double at(double residual) const;

 private:
  static constexpr std::size_t k_bins = 241;  // of 0.1 in asinh(u), from -12 to 12
  std::array<double, k_bins> count_{};
  double total_ = 0;
  double outlier_span_ = 1;  // logarithm of the ratio of the largest to the smallest outlier
};

}  // namespace bl::verdict
