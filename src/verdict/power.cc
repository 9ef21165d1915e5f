#include "verdict/power.h"

#include <cmath>

namespace bl::verdict {
namespace {

double normal_probability(double z) {
  return 0.5 * std::erfc(-z / std::sqrt(2.0));
}

/// The z below which a normal variable lies with that probability; between -40 and 40.
double normal_quantile(double probability) {
  double low = -40, high = 40;
  for (int step = 0; step < 100; ++step) {
    const double middle = (low + high) / 2;
    (normal_probability(middle) < probability ? low : high) = middle;
  }
  return (low + high) / 2;
}

double error_of(double noise, std::int64_t before, std::int64_t after) {
  return noise * std::sqrt(1 / static_cast<double>(before) + 1 / static_cast<double>(after));
}

}  // namespace

std::optional<std::int64_t> runs_to_decide(const PowerQuestion& question, std::int64_t runs_max) {
  const double change = std::abs(question.change);
  const bool can_ask = question.noise > 0 && std::isfinite(question.noise) && change > 0 &&
                       std::isfinite(change) && question.runs_before > 0 &&
                       question.runs_after >= 0 && question.comparisons > 0;
  if (!can_ask) return std::nullopt;
  const double each = question.mistakes / static_cast<double>(question.comparisons);
  // -quantile(p) rather than quantile(1 - p): p may be tiny.
  const double needed = -normal_quantile(each / 2) + normal_quantile(question.power);
  for (std::int64_t more = 1; more <= runs_max; ++more) {
    if (change >=
        needed * error_of(question.noise, question.runs_before, question.runs_after + more)) {
      return more;
    }
  }
  return std::nullopt;
}

std::optional<double> interval_of_change(double noise, std::int64_t runs_before,
                                         std::int64_t runs_after) {
  constexpr double k_z_of_95 = 1.959963984540054;
  if (runs_before < 1 || runs_after < 1 || !(noise >= 0) || !std::isfinite(noise)) {
    return std::nullopt;
  }
  return k_z_of_95 * error_of(noise, runs_before, runs_after);
}

}  // namespace bl::verdict
