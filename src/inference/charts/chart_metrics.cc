#include "inference/chart_metrics.h"

#include <algorithm>
#include <array>
#include <map>

namespace bl::inference {
namespace {

using enum DerivedMetric;

constexpr bool k_less = true;
constexpr bool k_input = true;

constexpr auto k_metrics = std::to_array<ChartMetric>({
    {throughput, MetricGroup::throughput, "Token Throughput per GPU (tok/s/gpu)",
     "Token Throughput per GPU"},
    {input_throughput, MetricGroup::throughput, "Input Token Throughput per GPU (tok/s/gpu)",
     "Input Token Throughput per GPU", !k_less, k_input},
    {output_throughput, MetricGroup::throughput, "Output Token Throughput per GPU (tok/s/gpu)",
     "Output Token Throughput per GPU"},
    {throughput_per_mw, MetricGroup::throughput,
     "Token Throughput per All in Utility MW (tok/s/MW)", "Token Throughput per All in Utility MW"},
    {input_throughput_per_mw, MetricGroup::throughput,
     "Input Token Throughput per All in Utility MW (tok/s/MW)",
     "Input Token Throughput per All in Utility MW", !k_less, k_input},
    {output_throughput_per_mw, MetricGroup::throughput,
     "Output Token Throughput per All in Utility MW (tok/s/MW)",
     "Output Token Throughput per All in Utility MW"},
    {cost_hyperscaler, MetricGroup::cost_total, "Cost per Million Total Tokens ($)",
     "Cost per Million Total Tokens (Owning - Hyperscaler)", k_less},
    {cost_neocloud, MetricGroup::cost_total, "Cost per Million Total Tokens ($)",
     "Cost per Million Total Tokens (Owning - Neocloud Giant)", k_less},
    {cost_rental, MetricGroup::cost_total, "Cost per Million Total Tokens ($)",
     "Cost per Million Total Tokens (3 Year Rental)", k_less},
    {cost_hyperscaler_output, MetricGroup::cost_output, "Cost per Million Output Tokens ($)",
     "Cost per Million Output Tokens (Owning - Hyperscaler)", k_less},
    {cost_neocloud_output, MetricGroup::cost_output, "Cost per Million Output Tokens ($)",
     "Cost per Million Output Tokens (Owning - Neocloud Giant)", k_less},
    {cost_rental_output, MetricGroup::cost_output, "Cost per Million Output Tokens ($)",
     "Cost per Million Output Tokens (3 Year Rental)", k_less},
    {cost_hyperscaler_input, MetricGroup::cost_input, "Cost per Million Input Tokens ($)",
     "Cost per Million Input Tokens (Owning - Hyperscaler)", k_less, k_input},
    {cost_neocloud_input, MetricGroup::cost_input, "Cost per Million Input Tokens ($)",
     "Cost per Million Input Tokens (Owning - Neocloud Giant)", k_less, k_input},
    {cost_rental_input, MetricGroup::cost_input, "Cost per Million Input Tokens ($)",
     "Cost per Million Input Tokens (3 Year Rental)", k_less, k_input},
    {joules, MetricGroup::energy, "All-in Provisioned J per Total Token (J/tok)",
     "All-in Provisioned Joules per Total Token", k_less},
    {joules_output, MetricGroup::energy, "All-in Provisioned J per Output Token (J/tok)",
     "All-in Provisioned Joules per Output Token", k_less},
    {joules_input, MetricGroup::energy, "All-in Provisioned J per Input Token (J/tok)",
     "All-in Provisioned Joules per Input Token", k_less, k_input},
    {cost_user, MetricGroup::user, "Cost per Million Total Tokens ($)",
     "Cost per Million Total Tokens (Custom User Values)", k_less},
    {throughput_per_user_mw, MetricGroup::user, "Token Throughput per All in Utility MW (tok/s/MW)",
     "Token Throughput per All in Utility MW (Custom User Values)"},
});

constexpr std::array<ChartDefinition, 2> k_charts = {{
    {ChartKind::interactivity, "median_intvty", "Interactivity (tok/s/user)"},
    {ChartKind::end_to_end, "median_e2el", "End-to-end Latency (s)"},
}};

constexpr std::string_view k_first_token_p99 = "p99_ttft";
constexpr std::string_view k_first_token_median = "median_ttft";

bool is_first_token(std::string_view value) {
  return value == k_first_token_p99 || value == k_first_token_median;
}

constexpr std::string_view k_median = "median";
constexpr std::string_view k_mean = "mean";

// `P99.9 `; nothing for the median, which the charts' labels mean.
std::string percentile_word(std::string_view percentile) {
  if (percentile == k_median) return "";
  if (percentile == k_mean) return "Mean ";
  std::string word(percentile);
  word[0] = 'P';
  return word + " ";
}

}  // namespace

std::optional<ChartKind> chart_kind_named(std::string_view name) {
  if (name == "interactivity") return ChartKind::interactivity;
  if (name == "e2e") return ChartKind::end_to_end;
  return std::nullopt;
}

std::string_view name_of(ChartKind kind) {
  return kind == ChartKind::interactivity ? "interactivity" : "e2e";
}

std::string_view label_of(MetricGroup group) {
  switch (group) {
    case MetricGroup::throughput:
      return "Throughput";
    case MetricGroup::cost_total:
      return "Cost per Million Total Tokens";
    case MetricGroup::cost_output:
      return "Cost per Million Output Tokens";
    case MetricGroup::cost_input:
      return "Cost per Million Input Tokens";
    case MetricGroup::energy:
      return "All-in Provisioned Energy per Token";
    case MetricGroup::user:
      return "Custom User Values";
  }
  return "";
}

Corner ChartMetric::corner(ChartKind kind) const {
  if (kind == ChartKind::interactivity)
    return less_is_better ? Corner::lower_right : Corner::upper_left;
  return less_is_better ? Corner::lower_left : Corner::upper_right;
}

std::span<const ChartMetric> chart_metrics() {
  return k_metrics;
}

const ChartMetric* chart_metric_named(std::string_view name) {
  if (!name.starts_with("y_")) return nullptr;
  const auto metric = derived_metric_named(name.substr(2));
  const auto found = std::find_if(k_metrics.begin(), k_metrics.end(),
                                  [&](const ChartMetric& m) { return m.metric == metric; });
  return found == k_metrics.end() ? nullptr : &*found;
}

const ChartDefinition& chart_definition(ChartKind kind) {
  return k_charts[kind == ChartKind::interactivity ? 0 : 1];
}

std::string_view x_value(ChartKind kind, const ChartMetric& metric,
                         std::optional<std::string_view> asked) {
  const std::string_view own = chart_definition(kind).x;
  if (kind == ChartKind::end_to_end) return asked && is_first_token(*asked) ? *asked : own;
  if (!metric.is_input) return own;
  if (asked) return *asked;
  return metric.metric == input_throughput ? k_first_token_p99 : own;
}

std::string x_value(const ChartChoice& choice) {
  const std::string_view name = x_value(choice.kind, *choice.metric, choice.x);
  if (is_first_token(name) || choice.percentile == k_median) return std::string(name);
  return std::string(choice.percentile) + std::string(name.substr(k_median.size()));
}

std::string x_label(const ChartChoice& choice) {
  const std::string_view name = x_value(choice.kind, *choice.metric, choice.x);
  if (name == k_first_token_p99) return "P99 Time To First Token (s)";
  if (name == k_first_token_median) return "Median Time To First Token (s)";
  return percentile_word(choice.percentile) + std::string(chart_definition(choice.kind).x_label);
}

Corner corner_over(ChartKind kind, const ChartMetric& metric, std::string_view x_value_name) {
  const Corner corner = metric.corner(kind);
  const bool turned = kind == ChartKind::interactivity && x_value_name != chart_definition(kind).x;
  return turned ? mirrored(corner) : corner;
}

std::vector<std::size_t> within_cost(std::span<const ChartPoint> points, const ChartMetric& metric,
                                     std::optional<double> cost_max) {
  std::vector<std::size_t> kept;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const std::optional<double>& cost = points[i].derived[metric.metric];
    if (!(metric.is_cost() && cost_max && cost && *cost > *cost_max)) kept.push_back(i);
  }
  return kept;
}

std::vector<ShownPoint> shown_points(std::span<const ChartPoint> points, const ChartChoice& choice,
                                     const ChartLimits& limits) {
  const std::string x_name = x_value(choice);
  std::vector<ShownPoint> shown;
  for (const std::size_t i : within_cost(points, *choice.metric, limits.cost_max)) {
    const ChartPoint& point = points[i];
    const std::optional<double>& y = point.derived[choice.metric->metric];
    if (!y) continue;
    const double* x = find_metric(point.entry.values, x_name);
    const double x_shown = x ? *x : point.x;
    if (is_first_token(x_name) && x_shown > limits.first_token_s_max) continue;
    shown.push_back({i, {x_shown, *y}});
  }
  return shown;
}

std::vector<std::size_t> of_hardware(std::span<const ChartPoint> points,
                                     std::span<const std::string> hw_keys,
                                     const ChartLabels& labels) {
  std::vector<std::size_t> kept;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const std::string& key = points[i].entry.hw_key;
    const bool wanted = std::any_of(hw_keys.begin(), hw_keys.end(), [&](const std::string& one) {
      return labels.canonical_key(one) == labels.canonical_key(key);
    });
    if (wanted || hw_keys.empty()) kept.push_back(i);
  }
  return kept;
}

std::vector<ChartFront> fronts_of(std::span<const ChartPoint> points,
                                  std::span<const ShownPoint> shown, Corner corner) {
  std::map<std::string, std::vector<ShownPoint>> lines;
  for (const ShownPoint& point : shown) {
    const ChartEntry& entry = points[point.position].entry;
    lines[line_key(entry.hw_key, entry.precision)].push_back(point);
  }
  std::vector<ChartFront> fronts;
  for (auto& [line, members] : lines) {
    std::vector<PlanePoint> plane;
    for (const ShownPoint& point : members) plane.push_back(point.at);
    ChartFront& front = fronts.emplace_back(ChartFront{line, {}});
    for (const std::size_t i : pareto_front(plane, corner)) front.points.push_back(members[i]);
    if (corner == Corner::lower_right) std::reverse(front.points.begin(), front.points.end());
  }
  return fronts;
}

std::vector<std::string> comparison_dates(const DateRange& range,
                                          std::span<const std::string> dates,
                                          std::string_view chart_date) {
  std::vector<std::string> all;
  const auto add = [&](const std::string& date) {
    if (date != chart_date && std::find(all.begin(), all.end(), date) == all.end())
      all.push_back(date);
  };
  if (!range.start.empty() && !range.end.empty()) {
    add(range.start);
    add(range.end);
  }
  for (const std::string& date : dates) add(date);
  return all;
}

}  // namespace bl::inference
