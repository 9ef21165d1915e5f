#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <unordered_map>
#include <vector>

/// Private part of bisection.h: how well one level explains a stretch of values, under each of many
/// kinds of noise. One thread.
namespace bl::verdict {

/// Student's t around a level.
struct NoiseShape {
  double scale = 0;      ///< one unit, as a relative difference
  double freedom = 0;    ///< degrees of freedom: few are heavy tails
  double log_prior = 0;  ///< before any value is seen
  double log_peak = 0;   ///< logarithm of the density at the level
  /// Of one value's information about the level, the inverse: a level of n values has this / n.
  double variance() const { return scale * scale * (freedom + 3) / (freedom + 1); }
};

inline constexpr std::size_t k_scales = 16, k_freedoms = 3, k_shapes = k_scales * k_freedoms;
/// Scales from 0.01 % to 12 %, each with tails that are heavy, usual, and light. Shape
/// `s * k_freedoms + f`.
const std::array<NoiseShape, k_shapes>& noise_shapes();

struct LevelFit {
  double level = 0;
  double log_likelihood = 0;
};

/// The most likely level of `values` (not empty), looked for from `start` on. O(n).
LevelFit fit_level(std::span<const double> values, double start, const NoiseShape& shape);

/// Fits of stretches of a row of values, remembered.
class StretchFits {
 public:
  /// `begins[i]` is where the values of place i begin; one more says where they end.
  StretchFits(std::vector<double> values, std::vector<std::size_t> begins)
      : values_(std::move(values)), begins_(std::move(begins)) {}
  std::size_t places() const { return begins_.size() - 1; }
  /// Values of places [first, last).
  std::size_t count(std::size_t first, std::size_t last) const {
    return begins_[last] - begins_[first];
  }
  /// Of places [first, last), not empty.
  const LevelFit& fit(std::size_t first, std::size_t last, std::size_t shape);

 private:
  struct Stretch {
    double start = 0;
    std::array<LevelFit, k_shapes> fits;
    std::array<bool, k_shapes> known{};
  };
  std::vector<double> values_;
  std::vector<std::size_t> begins_;
  std::unordered_map<std::size_t, Stretch> stretches_;
};

/// ln(sum of exp). -infinity of none.
class LogSum {
 public:
  void add(double logarithm);
  double value() const;

 private:
  double most_ = -1e300, sum_ = 0;
};

}  // namespace bl::verdict
