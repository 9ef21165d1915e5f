#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "verdict/comparison.h"

/// What a gate measures: benchmarks, each with its samples round by round. A round is one run of
/// the command; samples of one run have that run's luck in common, so that rounds are kept apart.
/// Values, no I/O. Threads: as std::vector.
namespace bl::gate {

using verdict::Direction;

/// Beyond these no tool measures anything, and sums of squares might overflow.
inline constexpr double k_figure_min = 1e-30, k_figure_max = 1e30;
/// Of a time, a size, a rate: above zero.
inline bool is_figure(double value) {
  return value >= k_figure_min && value <= k_figure_max;
}
/// Of any number of a tool.
inline bool is_extra_figure(double value) {
  return value >= -k_figure_max && value <= k_figure_max;
}

/// One quantity. The main series of a benchmark holds figures, others extra figures.
struct Series {
  std::string unit;  ///< `s`, `B`, or the tool's own word
  Direction better = Direction::less_is_better;
  std::vector<std::vector<double>> rounds;  ///< none is empty

  std::vector<double> samples() const;  ///< of all rounds
  bool operator==(const Series&) const = default;
};

/// What the flat baseline keeps of a series, as pytest-benchmark counts it.
struct Summary {
  double median = 0;
  double stddev = 0;         ///< of the sample (n - 1); 0 of a single one
  std::int64_t samples = 0;  ///< `rounds` of the file
  bool operator==(const Summary&) const = default;
};

struct Benchmark {
  std::string name;
  std::string scenario;  ///< that gave it; empty: not known
  Series main;           ///< seconds, or bytes; without rounds when only its summary is known
  std::optional<Summary> summary;        ///< of a baseline
  std::map<std::string, Series> extras;  ///< rates, counters, further metrics
  bool operator==(const Benchmark&) const = default;
};

/// Sorted by name, which is unique.
using Benchmarks = std::vector<Benchmark>;
const Benchmark* find(const Benchmarks& benchmarks, std::string_view name);

/// `values` is not empty for each of these. The q-quantile lies between the two order statistics
/// around q * (n - 1), as numpy's default has it.
double quantile(std::vector<double> values, double q);
double median(std::vector<double> values);
Summary summary_of(std::span<const double> values);
/// Deviation against the median, from the quartiles: one outlier does not move it.
double spread_of(std::span<const double> values);

/// `1.23 s`, `12.3 ms`, `1.5 KiB`; other units as they are.
std::string value_text(double value, std::string_view unit);
/// `+12.3 %`; of a share such as 0.123.
std::string percent_text(double share);

}  // namespace bl::gate
