#include "inference/api/frontier.h"

#include <cmath>

namespace bl::inference {
namespace {

constexpr std::string_view k_throughput = "tput_per_gpu";

// derive() says 0 where there is no throughput, power or price to compute with.
bool is_known(DerivedMetric metric, double value) {
  using enum DerivedMetric;
  const bool measured =
      metric == throughput || metric == output_throughput || metric == input_throughput;
  return std::isfinite(value) && (measured || value != 0);
}

// A row as the library's charts read it.
DatedRow dated_row(const StoredPoint& stored, std::string_view x_name, CarriedValues values) {
  DatedRow dated{.date = stored.date, .run_url = run_url_of(stored)};
  const BenchmarkRow& row = stored.row;
  dated.row.config = row.config;
  dated.row.conc = row.conc;
  dated.row.image = row.image;
  for (const auto& metric : row.metrics) {
    const bool is_needed = metric.first == x_name || metric.first.ends_with(k_throughput);
    if (values == CarriedValues::all || is_needed) dated.row.metrics.push_back(metric);
  }
  return dated;
}

Result<ChartState> state_of(const Question& question, const FrontierQuery& query,
                            std::optional<std::string> date, Frontier& frontier) {
  ChartState state;
  state.as_of = std::move(date);
  BL_TRY(state.rows,
         question.state(query.lines.model_keys, {.date = state.as_of}, LineRule::snapshot));
  const ReadPorts& ports = question.ports();
  for (const StoredPoint& stored : *state.rows) {
    if (!query.lines.covers(stored.row, ports.labels)) continue;
    std::optional<ChartPoint> point = known_point(stored, frontier.x_name, ports);
    if (!point || !point->derived[query.chart.metric->metric]) {
      ++frontier.without_value;
      continue;
    }
    state.points.push_back(std::move(*point));
    state.stored.push_back(&stored);
  }
  state.shown = shown_points(state.points, query.chart, frontier.limits);
  frontier.beyond_limits += static_cast<std::int64_t>(state.points.size() - state.shown.size());
  state.fronts = fronts_of(state.points, state.shown, frontier.corner);
  if (query.fronts_only) {
    state.shown.clear();
    for (const ChartFront& front : state.fronts)
      state.shown.insert(state.shown.end(), front.points.begin(), front.points.end());
  }
  return state;
}

}  // namespace

std::optional<std::string> run_url_of(const StoredPoint& stored) {
  if (!stored.html_url) return std::nullopt;
  return *stored.html_url + "/attempts/" + std::to_string(stored.attempt);
}

std::optional<ChartPoint> known_point(const StoredPoint& stored, std::string_view x_name,
                                      const ReadPorts& ports, CarriedValues values) {
  ChartEntry entry =
      chart_entry(dated_row(stored, x_name, values), ports.registry, MissingValues::absent);
  entry.hw_key = serving_key(ports.labels, stored.row.config);
  const PowerAndCost accelerator = power_and_cost(ports.registry, entry.hw_key);
  auto point =
      chart_point(std::move(entry), {x_name, k_throughput}, accelerator, MissingValues::absent);
  if (!point) return std::nullopt;
  for (std::size_t i = 0; i < k_derived_metric_count; ++i) {
    const auto metric = static_cast<DerivedMetric>(i);
    std::optional<double>& value = point->derived[metric];
    if (value && !is_known(metric, *value)) value.reset();
  }
  return point;
}

Result<Frontier> frontier_of(const Question& question, const FrontierQuery& query) {
  Frontier frontier;
  frontier.x_name = x_value(query.chart);
  frontier.x_label = x_label(query.chart);
  frontier.corner = corner_over(query.chart.kind, *query.chart.metric,
                                x_value(query.chart.kind, *query.chart.metric, query.chart.x));
  BL_TRY(ChartState state, state_of(question, query, query.date, frontier));
  frontier.states.push_back(std::move(state));
  if (query.compare_date) {
    BL_TRY(ChartState compared, state_of(question, query, query.compare_date, frontier));
    frontier.states.push_back(std::move(compared));
  }
  return frontier;
}

}  // namespace bl::inference
