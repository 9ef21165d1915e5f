#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "inference/chart_point.h"
#include "inference/spline.h"

/// What serving costs at a target: at 35 tokens per second and user, how many tokens does each
/// accelerator give, at what cost and power (spec/inference.md 5.7). Pure; threads: any.
namespace bl::inference {

/// One measured configuration.
struct OperatingPoint {
  std::string hw_key;
  std::string precision;
  double interactivity = 0;  ///< median, tokens per second and user
  Throughputs throughputs;
  std::int64_t concurrency = 0;
  std::int64_t tp = 0;
  DerivedMetrics derived;
};
/// nullopt when the row lacks a throughput or an interactivity, and missing values are not 0.
/// Output that is missing counts as the total throughput.
std::optional<OperatingPoint> operating_point(const BenchmarkRow& row, const Registry& registry,
                                              const ChartLabels& labels, MissingValues missing);

enum class Target : unsigned char { interactivity, throughput };
enum class TokenKind : unsigned char { total, input, output };
/// The metric that says what tokens of a kind cost with a provider.
DerivedMetric cost_metric(Provider provider, TokenKind kind);

/// What a line of configurations gives at the target, between the measured points.
struct OperatingEstimate {
  double value = 0;  ///< throughput at the target interactivity, or the other way round
  double output_throughput = 0;
  double input_throughput = 0;
  double cost = 0;  ///< US dollars per million tokens, as are the next two
  double cost_input = 0;
  double cost_output = 0;
  double throughput_per_mw = 0;
  double input_throughput_per_mw = 0;
  double output_throughput_per_mw = 0;
  std::int64_t concurrency = 0;
  std::vector<std::size_t> nearest;  ///< the knots around the target: positions in the points
};
struct OperatingTarget {
  Target kind = Target::interactivity;
  double value = 35;
};
/// Reads the front's curves at the target. nullopt beyond the measured points: nothing is
/// extrapolated. Each value has its own curve, clamped to at least 0; costs are read from theirs,
/// not computed from the estimated throughput. Cost: O(n log n).
std::optional<OperatingEstimate> estimate(std::span<const OperatingPoint> points,
                                          const OperatingTarget& target, Provider provider,
                                          TwoKnots two_knots);

enum class BarMetric : unsigned char { throughput, power, cost };
/// What a bar shows of an estimate.
double bar_value(const OperatingEstimate& estimate, BarMetric bar, TokenKind kind);
/// Positions from the best: most throughput and tokens per megawatt, least cost.
std::vector<std::size_t> best_first(std::span<const OperatingEstimate> estimates, BarMetric bar,
                                    TokenKind kind);

/// What a bar chart writes: of a bar (`1234 tok/s/MW`), of the axis, and above it.
struct BarChoice {
  BarMetric bar = BarMetric::throughput;
  TokenKind kind = TokenKind::total;
  Target target = Target::interactivity;
};
std::string bar_label(const OperatingEstimate& estimate, const BarChoice& choice);
std::string axis_label(const BarChoice& choice);
std::string bar_chart_title(const BarChoice& choice, double target_value, Provider provider);
/// `Owning - Hyperscaler`, ...
std::string_view label_of(Provider provider);

}  // namespace bl::inference
