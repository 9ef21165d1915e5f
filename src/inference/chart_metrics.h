#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "inference/chart_point.h"
#include "inference/pareto.h"

/// The two charts, the metrics that they can show, and what is left of points when one is chosen
/// (spec/inference.md 5.4). Pure; threads: any.
namespace bl::inference {

enum class ChartKind : unsigned char { interactivity, end_to_end };
/// `interactivity`, `e2e`.
std::optional<ChartKind> chart_kind_named(std::string_view name);
std::string_view name_of(ChartKind kind);

enum class MetricGroup : unsigned char {
  throughput,
  cost_total,
  cost_output,
  cost_input,
  energy,
  user,
};
std::string_view label_of(MetricGroup group);

/// One metric of the vertical axis.
struct ChartMetric {
  DerivedMetric metric;
  MetricGroup group;
  std::string_view label;  ///< of the axis, with its unit
  std::string_view title;
  bool less_is_better = false;
  bool is_input = false;  ///< of prompts: may be shown over the time to first token
  bool is_cost() const {
    return group >= MetricGroup::cost_total && group <= MetricGroup::cost_input;
  }
  /// Where the front bends on a chart.
  Corner corner(ChartKind kind) const;
};
std::span<const ChartMetric> chart_metrics();
/// By the name on the wire: `y_costh`; nullptr when unknown.
const ChartMetric* chart_metric_named(std::string_view name);

struct ChartDefinition {
  ChartKind kind;
  std::string_view x;  ///< a measured value
  std::string_view x_label;
};
const ChartDefinition& chart_definition(ChartKind kind);

/// What the charts leave out: points far off make the rest unreadable.
struct ChartLimits {
  double cost_max = 5;            ///< US dollars per million tokens; the user's own cost has none
  double first_token_s_max = 60;  ///< only where the time to first token is the horizontal axis
};

/// The measured value on the horizontal axis: the chart's own, but for input metrics on the
/// interactivity chart the one that is asked for (default: p99_ttft), and on the end-to-end chart
/// a time to first token that is asked for.
std::string_view x_value(ChartKind kind, const ChartMetric& metric,
                         std::optional<std::string_view> asked);
/// The front's corner, mirrored where a time to first token replaces interactivity.
Corner corner_over(ChartKind kind, const ChartMetric& metric, std::string_view x_value_name);

/// A point of a chart, by its position among the points that it was made of.
struct ShownPoint {
  std::size_t position = 0;
  PlanePoint at;
};
struct ChartChoice {
  ChartKind kind = ChartKind::interactivity;
  const ChartMetric* metric = nullptr;  ///< never null
  std::optional<std::string_view> x;    ///< asked for
  /// Of the chart's own horizontal axis: `p90`; a time to first token says its own.
  std::string_view percentile = "median";
};
/// The measured value on the horizontal axis of a choice: `p90_intvty`.
std::string x_value(const ChartChoice& choice);
/// What stands at that axis: `P90 Interactivity (tok/s/user)`, `P99 Time To First Token (s)`.
std::string x_label(const ChartChoice& choice);
/// The points that have the metric and are within the limits, with the chosen axes. A point without
/// the horizontal value keeps its own x.
std::vector<ShownPoint> shown_points(std::span<const ChartPoint> points, const ChartChoice& choice,
                                     const ChartLimits& limits);
/// The positions of points that are not too costly to show. `cost_max` absent: all.
std::vector<std::size_t> within_cost(std::span<const ChartPoint> points, const ChartMetric& metric,
                                     std::optional<double> cost_max);

/// The positions of points with one of the hardware keys, aliases resolved; of all without keys.
std::vector<std::size_t> of_hardware(std::span<const ChartPoint> points,
                                     std::span<const std::string> hw_keys,
                                     const ChartLabels& labels);

/// The fronts of shown points, one for each `hwKey__precision`, by that key.
struct ChartFront {
  std::string line;
  std::vector<ShownPoint> points;  ///< ascending in x
};
std::vector<ChartFront> fronts_of(std::span<const ChartPoint> points,
                                  std::span<const ShownPoint> shown, Corner corner);

/// The dates beside the chart's own that a comparison of accelerators shows: the ends of the range
/// (when it has both), then single dates, without repetition.
struct DateRange {
  std::string start;
  std::string end;
};
std::vector<std::string> comparison_dates(const DateRange& range,
                                          std::span<const std::string> dates,
                                          std::string_view chart_date);

}  // namespace bl::inference
