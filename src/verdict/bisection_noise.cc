#include "verdict/bisection_noise.h"

#include <cmath>
#include <numbers>

#include "verdict/robust.h"

namespace bl::verdict {
namespace {

constexpr double k_scale_least = 1e-4, k_scale_step = 1.6;
// What noise usually is: about half a percent, give or take a factor of five.
constexpr double k_usual_scale = 0.005, k_usual_factor = 1.6;  // the latter as a logarithm
constexpr std::array<double, k_freedoms> k_freedom = {1.5, 4, 30}, k_freedom_prior = {.3, .5, .2};
constexpr int k_steps_max = 40;
constexpr double k_close_enough = 0.02;  // of the deviation of a level

std::array<NoiseShape, k_shapes> make_shapes() {
  std::array<NoiseShape, k_shapes> shapes;
  double scale = k_scale_least;
  for (std::size_t s = 0; s < k_scales; ++s, scale *= k_scale_step) {
    const double usual = std::log(scale / k_usual_scale) / k_usual_factor;
    for (std::size_t f = 0; f < k_freedoms; ++f) {
      const double v = k_freedom[f];
      shapes[s * k_freedoms + f] = {.scale = scale,
                                    .freedom = v,
                                    .log_prior = std::log(k_freedom_prior[f]) - 0.5 * usual * usual,
                                    .log_peak = std::lgamma((v + 1) / 2) - std::lgamma(v / 2) -
                                                0.5 * std::log(v * std::numbers::pi) -
                                                std::log(scale)};
    }
  }
  return shapes;
}

}  // namespace

const std::array<NoiseShape, k_shapes>& noise_shapes() {
  static const auto shapes = make_shapes();
  return shapes;
}

LevelFit fit_level(std::span<const double> values, double start, const NoiseShape& shape) {
  // Each value weighs the less the further away it lies: expectation and maximisation of the t.
  const double v = shape.freedom, per_unit = 1 / shape.scale;
  const double close = k_close_enough * shape.scale / std::sqrt(static_cast<double>(values.size()));
  LevelFit fit{.level = start};
  for (int step = 0; step < k_steps_max; ++step) {
    double weights = 0, sum = 0;
    for (const double value : values) {
      const double u = (value - fit.level) * per_unit;
      const double weight = 1 / (v + u * u);
      weights += weight;
      sum += weight * (value - fit.level);
    }
    const double moved = sum / weights;
    fit.level += moved;
    if (std::fabs(moved) < close) break;
  }
  double logarithms = 0, product = 1;  // one logarithm for many factors
  for (const double value : values) {
    const double u = (value - fit.level) * per_unit;
    product *= 1 + u * u / v;
    if (product < 1e200) continue;
    logarithms += std::log(product);
    product = 1;
  }
  logarithms += std::log(product);
  fit.log_likelihood =
      static_cast<double>(values.size()) * shape.log_peak - (v + 1) / 2 * logarithms;
  return fit;
}

const LevelFit& StretchFits::fit(std::size_t first, std::size_t last, std::size_t shape) {
  const auto [found, is_new] = stretches_.try_emplace(first * begins_.size() + last);
  Stretch& stretch = found->second;
  const std::span<const double> values(values_.data() + begins_[first], count(first, last));
  if (is_new) {
    std::vector<double> copy(values.begin(), values.end());
    // Not between two values that lie far apart, where nothing pulls to either side.
    stretch.start = order_statistic(copy, 0.49);
  }
  if (!stretch.known[shape]) {
    stretch.known[shape] = true;
    stretch.fits[shape] = fit_level(values, stretch.start, noise_shapes()[shape]);
    stretch.start = stretch.fits[shape].level;  // near to that of the next shape
  }
  return stretch.fits[shape];
}

void LogSum::add(double logarithm) {
  if (logarithm <= most_) {
    sum_ += std::exp(logarithm - most_);
    return;
  }
  sum_ = sum_ * std::exp(most_ - logarithm) + 1;
  most_ = logarithm;
}

double LogSum::value() const {
  return sum_ > 0 ? most_ + std::log(sum_) : -1e300;
}

}  // namespace bl::verdict
