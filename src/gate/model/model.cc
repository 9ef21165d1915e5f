#include "gate/model.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "base/terminal.h"

namespace bl::gate {

std::vector<double> Series::samples() const {
  std::vector<double> all;
  for (const auto& round : rounds) all.insert(all.end(), round.begin(), round.end());
  return all;
}

const Benchmark* find(const Benchmarks& benchmarks, std::string_view name) {
  const auto found = std::ranges::lower_bound(benchmarks, name, {}, &Benchmark::name);
  return found != benchmarks.end() && found->name == name ? &*found : nullptr;
}

double quantile(std::vector<double> values, double q) {
  BL_CHECK(!values.empty());
  std::ranges::sort(values);
  const double rank = q * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::size_t>(rank);
  const std::size_t above = std::min(below + 1, values.size() - 1);
  return values[below] + (rank - static_cast<double>(below)) * (values[above] - values[below]);
}

double median(std::vector<double> values) {
  return quantile(std::move(values), 0.5);
}

Summary summary_of(std::span<const double> values) {
  Summary summary{.median = median({values.begin(), values.end()}),
                  .samples = static_cast<std::int64_t>(values.size())};
  if (values.size() < 2) return summary;
  // Sorted, so that the order of samples changes no digit.
  std::vector<double> sorted(values.begin(), values.end());
  std::ranges::sort(sorted);
  const auto count = static_cast<double>(sorted.size());
  double mean = 0, squares = 0;
  for (const double value : sorted) mean += value / count;
  for (const double value : sorted) squares += (value - mean) * (value - mean);
  summary.stddev = std::sqrt(squares / (count - 1));
  return summary;
}

double spread_of(std::span<const double> values) {
  constexpr double k_deviation_of_quartiles = 0.741301109252801;
  const std::vector<double> all(values.begin(), values.end());
  return k_deviation_of_quartiles * (quantile(all, 0.75) - quantile(all, 0.25)) / median(all);
}

std::string value_text(double value, std::string_view unit) {
  return human_value(value, unit);
}

std::string percent_text(double share) {
  return fmt::format("{:+.1f} %", share * 100);
}

}  // namespace bl::gate
