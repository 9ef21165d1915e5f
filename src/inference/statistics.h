#pragma once

#include <optional>
#include <vector>

/// Statistics as the sweeps' tools compute them. Pure.
namespace bl::inference {

/// The p-th percentile of sorted values by linear interpolation at (n - 1) p / 100. Not empty.
double percentile_of_sorted(const std::vector<double>& sorted, double p);
double mean_of(const std::vector<double>& values);                ///< not empty
double standard_deviation_of(const std::vector<double>& values);  ///< of a population; not empty

/// Empty input gives nullopt.
struct Summary {
  double mean = 0, p50 = 0, p75 = 0, p90 = 0, p95 = 0, std = 0;
};
std::optional<Summary> summary_of(std::vector<double> values);

}  // namespace bl::inference
