#include "inference/spline.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace bl::inference {
namespace {

double interior_slope(double h_before, double h_after, double s_before, double s_after) {
  const double p = (s_before * h_after + s_after * h_before) / (h_before + h_after);
  const double slope = (sign(s_before) + sign(s_after)) *
                       std::min({std::abs(s_before), std::abs(s_after), 0.5 * std::abs(p)});
  return std::isnan(slope) ? 0 : slope;
}

}  // namespace

double sign(double x) {
  return x < 0 ? -1 : 1;
}

std::vector<double> monotone_slopes(std::span<const double> xs, std::span<const double> ys,
                                    TwoKnots two_knots) {
  BL_CHECK(xs.size() == ys.size());
  const std::size_t n = xs.size();
  std::vector<double> slopes(n, 0);
  if (n < 2) return slopes;
  const auto h = [&](std::size_t i) { return xs[i + 1] - xs[i]; };
  const auto s = [&](std::size_t i) { return h(i) != 0 ? (ys[i + 1] - ys[i]) / h(i) : 0; };
  if (n == 2 && two_knots == TwoKnots::straight) return {s(0), s(0)};
  for (std::size_t i = 1; i + 1 < n; ++i)
    slopes[i] = interior_slope(h(i - 1), h(i), s(i - 1), s(i));
  // In this order: with two knots the last tangent comes from the first.
  slopes[0] = h(0) != 0 ? (3 * s(0) - slopes[1]) / 2 : slopes[1];
  slopes[n - 1] = h(n - 2) != 0 ? (3 * s(n - 2) - slopes[n - 2]) / 2 : slopes[n - 2];
  return slopes;
}

double hermite_interpolate(std::span<const double> xs, std::span<const double> ys,
                           std::span<const double> slopes, double x) {
  BL_CHECK(xs.size() == ys.size() && xs.size() == slopes.size());
  if (xs.empty()) return 0;
  if (x <= xs.front()) return ys.front();
  if (x >= xs.back()) return ys.back();
  const auto above = std::upper_bound(xs.begin(), xs.end(), x);
  const std::size_t lo = static_cast<std::size_t>(above - xs.begin()) - 1;
  const double h = xs[lo + 1] - xs[lo];
  if (!(h > 0)) return ys[lo];
  const double t = (x - xs[lo]) / h, t2 = t * t, t3 = t2 * t;
  return (2 * t3 - 3 * t2 + 1) * ys[lo] + (t3 - 2 * t2 + t) * h * slopes[lo] +
         (3 * t2 - 2 * t3) * ys[lo + 1] + (t3 - t2) * h * slopes[lo + 1];
}

}  // namespace bl::inference
