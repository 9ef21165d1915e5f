#include <cmath>

#include "conformance/chart_json.h"
#include "inference/calculator.h"
#include "inference/chart_metrics.h"
#include "inference/downsample.h"
#include "inference/legend.h"
#include "inference/trend.h"

namespace bl::inference::conformance {
namespace {

using Value = json::Value;
using enum DerivedMetric;

std::vector<PlanePoint> plane_of(const Value& points) {
  std::vector<PlanePoint> plane;
  for (const Value& point : points.items())
    plane.push_back({number_in(point, "x"), number_in(point, "y")});
  return plane;
}

Function front(std::string_view name, Corner corner) {
  return {name, [corner](const Value& in) -> Result<Value> {
            return selected(in.items(), pareto_front(plane_of(in), corner));
          }};
}

/// `tpPerGpu.y` of a point.
std::optional<double> number_at(const Value& point, std::string_view path) {
  const std::size_t dot = path.find('.');
  if (dot == std::string_view::npos) return optional_number_in(point, path);
  return number_at(member(point, path.substr(0, dot)), path.substr(dot + 1));
}

Result<Value> roofline(const Value& in) {
  const auto corner = corner_named(text_in(in, "rooflineDirection"));
  Value shown = Value::array();
  for (const Value& point : member(in, "points").items()) {
    const auto y = number_at(point, text_in(in, "yKey"));
    if (!y) continue;
    shown.items().push_back(point);
    shown.items().back().set("y", number_of(*y));
  }
  if (!corner) return Value::array();
  return selected(shown.items(), pareto_front(plane_of(shown), *corner));
}

Result<Value> flip(const Value& in) {
  const auto corner = corner_named(text_of(in));
  return corner ? text(name_of(mirrored(*corner))) : in;
}

Value numbers(const std::vector<double>& values) {
  Value list = Value::array();
  for (const double value : values) list.items().push_back(number_of(value));
  return list;
}

Result<Value> slopes(const Value& in) {
  return numbers(monotone_slopes(numbers_in(in, "xs"), numbers_in(in, "ys"), TwoKnots::bent));
}

Result<Value> hermite(const Value& in) {
  return number_of(hermite_interpolate(numbers_in(in, "xs"), numbers_in(in, "ys"),
                                       numbers_in(in, "m"), number_in(in, "targetX")));
}

Result<Value> downsample(const Value& in) {
  const json::Array& data = member(in, "data").items();
  std::vector<PlanePoint> plane;
  for (const Value& point : data)
    plane.push_back({point.items()[0].as_double(), point.items()[1].as_double()});
  const auto target = static_cast<std::size_t>(std::max(0.0, number_in(in, "target")));
  return selected(data, largest_triangles(plane, target, BucketLayout::shifted));
}

Provider provider_in(const Value& in) {
  const std::string name = text_in(in, "costProvider");
  if (name == "costn") return Provider::neocloud;
  return name == "costr" ? Provider::rental : Provider::hyperscaler;
}

TokenKind kind_in(const Value& in) {
  const std::string name = text_in(in, "costType");
  if (name == "input") return TokenKind::input;
  return name == "output" ? TokenKind::output : TokenKind::total;
}

BarMetric bar_in(const Value& in) {
  const std::string name = text_in(in, "barMetric");
  if (name == "power") return BarMetric::power;
  return name == "cost" ? BarMetric::cost : BarMetric::throughput;
}

Target target_in(const Value& in) {
  return text_in(in, "mode") == "throughput_to_interactivity" ? Target::throughput
                                                              : Target::interactivity;
}

BarChoice choice_in(const Value& in) {
  return {.bar = bar_in(in), .kind = kind_in(in), .target = target_in(in)};
}

OperatingPoint operating_point_of(const Value& point) {
  OperatingPoint p;
  p.hw_key = text_in(point, "hwKey");
  p.interactivity = number_in(point, "interactivity");
  p.throughputs = {.total = number_in(point, "throughput"),
                   .output = number_in(point, "outputThroughput"),
                   .input = number_in(point, "inputThroughput")};
  p.concurrency = optional_integer_in(point, "concurrency").value_or(0);
  for (std::size_t i = 0; i < k_derived_metric_count; ++i) {
    const auto metric = static_cast<DerivedMetric>(i);
    p.derived[metric] = optional_number_in(point, name_of(metric));
  }
  p.derived[input_throughput_per_mw] = optional_number_in(point, "inputTpPerMw");
  p.derived[output_throughput_per_mw] = optional_number_in(point, "outputTpPerMw");
  return p;
}

Result<Value> interpolate(const Value& in) {
  const json::Array& items = member(in, "points").items();
  std::vector<OperatingPoint> points;
  for (const Value& point : items) points.push_back(operating_point_of(point));
  const auto e = estimate(points, {target_in(in), number_in(in, "targetValue")}, provider_in(in),
                          TwoKnots::bent);
  if (!e) return Value();
  const std::string hw_key = points.front().hw_key;
  return object_of({{"hwKey", text(hw_key)},
                    {"resultKey", text(hw_key)},
                    {"value", number_of(e->value)},
                    {"outputTputValue", number_of(e->output_throughput)},
                    {"inputTputValue", number_of(e->input_throughput)},
                    {"cost", number_of(e->cost)},
                    {"costInput", number_of(e->cost_input)},
                    {"costOutput", number_of(e->cost_output)},
                    {"tpPerMw", number_of(e->throughput_per_mw)},
                    {"inputTpPerMw", number_of(e->input_throughput_per_mw)},
                    {"outputTpPerMw", number_of(e->output_throughput_per_mw)},
                    {"concurrency", Value::number(e->concurrency)},
                    {"nearestPoints", selected(items, e->nearest)}});
}

OperatingEstimate estimate_of(const Value& d) {
  OperatingEstimate e;
  e.value = number_in(d, "value");
  e.output_throughput = number_in(d, "outputTputValue");
  e.input_throughput = number_in(d, "inputTputValue");
  e.cost = number_in(d, "cost");
  e.cost_input = number_in(d, "costInput");
  e.cost_output = number_in(d, "costOutput");
  e.throughput_per_mw = number_in(d, "tpPerMw");
  e.input_throughput_per_mw = number_in(d, "inputTpPerMw");
  e.output_throughput_per_mw = number_in(d, "outputTpPerMw");
  return e;
}

Result<Value> sorted_results(const Value& in) {
  const json::Array& results = member(in, "results").items();
  std::vector<OperatingEstimate> estimates;
  for (const Value& result : results) estimates.push_back(estimate_of(result));
  return selected(results, best_first(estimates, bar_in(in), kind_in(in)));
}

Result<Value> cost_field(const Value& in) {
  const DerivedMetric metric = cost_metric(provider_in(in), kind_in(in));
  return number_of(number_in(member(in, "p"), name_of(metric)));
}

Result<Value> trend_value(const Value& in) {
  const auto value = metric_at(points_of(member(in, "points")),
                               {.interactivity = number_in(in, "targetInteractivity"),
                                .metric = derived_metric_named(text_in(in, "metricKey"))},
                               TwoKnots::bent, MissingValues::zero);
  return value ? number_of(*value) : Value();
}

Result<Value> derived_metrics(const Value& in) {
  const DerivedMetrics derived = derive({.total = number_in(in, "tput_per_gpu"),
                                         .output = number_in(in, "output_tput_per_gpu"),
                                         .input = number_in(in, "input_tput_per_gpu")},
                                        power_and_cost(registry(), text_in(in, "hwKey")));
  Value out = Value::object();
  for (std::size_t i = 0; i < k_derived_metric_count; ++i) {
    const auto metric = static_cast<DerivedMetric>(i);
    if (derived[metric]) out.set(std::string(name_of(metric)), number_of(*derived[metric]));
  }
  return out;
}

Result<Value> data_point(const Value& in) {
  ChartEntry entry = entry_of(member(in, "entry"));
  entry.hw_key = text_in(in, "currentHwKey");
  entry.date = text_in(in, "date");
  const std::string x = text_in(in, "xKey"), y = text_in(in, "yKey");
  const PowerAndCost accelerator = power_and_cost(registry(), entry.hw_key);
  const auto point = chart_point(std::move(entry), {x, y}, accelerator, MissingValues::zero);
  return point_json(member(in, "entry"), *point);
}

Value chart_json(const std::vector<ChartPoint>& points) {
  Value chart = Value::array();
  for (const ChartPoint& point : points)
    chart.items().push_back(point_json(entry_json(point.entry), point));
  return chart;
}

Result<Value> transform(const Value& in) {
  std::vector<DatedRow> rows;
  for (const Value& row : in.items()) rows.push_back(row_of(row));
  const Charts charts = charts_of(rows, registry(), labels(), MissingValues::zero);
  Value hardware = Value::object();
  for (const ChartPoint& point : charts.interactivity) {
    const HardwareLabel label = labels().hardware(point.entry.hw_key);
    hardware.set(point.entry.hw_key, object_of({{"name", text(point.entry.hw_key)},
                                                {"label", text(label.label)},
                                                {"suffix", text(label.suffix)},
                                                {"gpu", text(label.description)}}));
  }
  return object_of({{"chartData", Value::array({chart_json(charts.interactivity),
                                                chart_json(charts.end_to_end)})},
                    {"hardwareConfig", std::move(hardware)}});
}

Result<Value> within_cost_limit(const Value& in) {
  const Value& data = member(in, "data");
  const ChartMetric* metric = chart_metric_named(text_in(in, "selectedYAxisMetric"));
  if (!metric) return data;
  const auto limit = optional_number_in(member(in, "chartDefinition"), "y_cost_limit");
  return selected(data.items(), within_cost(points_of(data), *metric, limit));
}

Result<Value> overlay(const Value& in) {
  const Value& data = member(in, "data");
  const ChartMetric* metric = chart_metric_named(text_in(in, "selectedYAxisMetric"));
  const auto kind = chart_kind_named(text_in(in, "chartType"));
  Value shown = Value::array();
  if (!metric || !kind) return shown;
  ChartChoice choice{.kind = *kind, .metric = metric, .x = std::nullopt};
  const std::string x = text_in(in, "selectedXAxisMetric");
  if (!x.empty()) choice.x = x;
  for (const ShownPoint& point : shown_points(points_of(data), choice, ChartLimits{})) {
    Value& one = shown.items().emplace_back(data.items()[point.position]);
    one.set("x", number_of(point.at.x));
    one.set("y", number_of(point.at.y));
  }
  return shown;
}

/// Each point with what the user's value for its accelerator makes of it.
Result<Value> with_user_values(
    const Value& data, const Value& by_base, DerivedMetric metric,
    const std::function<std::optional<double>(const ChartPoint&, double)>& compute) {
  Value out = data;
  for (Value& item : out.items()) {
    const ChartPoint point = point_of(item);
    const std::string& key = point.entry.hw_key;
    const auto user = optional_number_in(by_base, key.substr(0, key.find('_')));
    if (!user) continue;
    if (const auto value = compute(point, *user)) {
      item.set("y", number_of(*value));
      item.set(std::string(name_of(metric)), metric_of(*value));
    }
  }
  return out;
}

Result<Value> user_costs(const Value& in) {
  return with_user_values(
      member(in, "data"), member(in, "userCosts"), cost_user,
      [](const ChartPoint& point, double user) { return user_cost(point.derived, user); });
}

Result<Value> user_powers(const Value& in) {
  return with_user_values(member(in, "data"), member(in, "userPowers"), throughput_per_user_mw,
                          [](const ChartPoint& point, double user) {
                            return user_throughput_per_mw(
                                point.derived, power_and_cost(registry(), point.entry.hw_key), user,
                                UserPower::as_dashboard);
                          });
}

Function filling(std::string_view name, void (*fill)(DerivedMetrics&, const PowerAndCost&)) {
  return {name, [fill](const Value& in) -> Result<Value> {
            Value out = in;
            for (Value& item : out.items()) {
              ChartPoint point = point_of(item);
              fill(point.derived, power_and_cost(registry(), point.entry.hw_key));
              set_derived(item, point.derived);
            }
            return out;
          }};
}

Result<Value> filter_by_gpu(const Value& in) {
  const Value& data = member(in, "data");
  return selected(data.items(),
                  of_hardware(points_of(data), texts_in(in, "selectedGPUs"), labels()));
}

Result<Value> gradient(const Value& in) {
  std::vector<LabelledPoint> points;
  for (const Value& one : in.items())
    points.push_back(
        {number_in(member(one, "point"), "x"), text_in(one, "label"), text_in(one, "color")});
  const auto stops = gradient_stops(points);
  if (!stops) return Value();
  Value list = Value::array();
  for (const GradientStop& stop : *stops) {
    list.items().push_back(
        object_of({{"offset", number_of(stop.offset)}, {"color", text(stop.color)}}));
  }
  return list;
}

}  // namespace

std::vector<Function> plot_functions() {
  return {
      front("paretoFrontUpperLeft", Corner::upper_left),
      front("paretoFrontUpperLeftGeneric", Corner::upper_left),
      front("paretoFrontUpperRight", Corner::upper_right),
      front("paretoFrontLowerLeft", Corner::lower_left),
      front("paretoFrontLowerRight", Corner::lower_right),
      {"calculateRoofline", roofline},
      {"flipRooflineDirection", flip},
      {"sign",
       [](const Value& in) -> Result<Value> { return number_of(sign(double_of(in).value_or(0))); }},
      {"monotoneSlopes", slopes},
      {"hermiteInterpolate", hermite},
      {"lttbDownsample", downsample},
      {"interpolateForGPU", interpolate},
      {"interpolateMetricAtInteractivity", trend_value},
      {"getCostField", cost_field},
      {"calculator_getMetricValue",
       [](const Value& in) -> Result<Value> {
         return number_of(bar_value(estimate_of(member(in, "d")), bar_in(in), kind_in(in)));
       }},
      {"calculator_getSortedResults", sorted_results},
      {"calculator_getValueLabel",
       [](const Value& in) -> Result<Value> {
         return text(bar_label(estimate_of(member(in, "d")), choice_in(in)));
       }},
      {"calculator_getMetricLabel",
       [](const Value& in) -> Result<Value> { return text(axis_label(choice_in(in))); }},
      {"calculator_getChartTitle",
       [](const Value& in) -> Result<Value> {
         return text(bar_chart_title(choice_in(in), number_in(in, "targetValue"), provider_in(in)));
       }},
      {"derivedMetrics", derived_metrics},
      {"createChartDataPoint", data_point},
      {"rowToAggDataEntry",
       [](const Value& in) -> Result<Value> {
         return entry_json(chart_entry(row_of(in), registry(), MissingValues::zero));
       }},
      {"transformBenchmarkRows", transform},
      {"getPointLabel",
       [](const Value& in) -> Result<Value> { return text(point_label(entry_of(in))); }},
      {"getParetoLabel",
       [](const Value& in) -> Result<Value> { return text(front_label(entry_of(in))); }},
      {"filterDataByCostLimit", within_cost_limit},
      {"processOverlayChartData", overlay},
      {"calculateCostsForGpus", user_costs},
      {"calculatePowerForGpus", user_powers},
      filling("computeOutputCostFields", fill_output_costs),
      filling("computeInputCostFields", fill_input_costs),
      filling("computeEnergyFields", fill_energy),
      {"filterByGPU", filter_by_gpu},
      {"computeGradientStops", gradient},
  };
}

}  // namespace bl::inference::conformance
