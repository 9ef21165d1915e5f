#include "inference/api/calculator_lines.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "inference/api/frontier.h"

namespace bl::inference {
namespace {

double input_of(const OperatingPoint& point, Target target) {
  return target == Target::interactivity ? point.interactivity : point.throughputs.total;
}
double value_of(const OperatingPoint& point, Target target) {
  return target == Target::interactivity ? point.throughputs.total : point.interactivity;
}

MeasuredRange front_range(const CalculatedLine& line, Target target) {
  std::vector<PlanePoint> plane;
  for (const OperatingPoint& p : line.points)
    plane.push_back({input_of(p, target), value_of(p, target)});
  const std::vector<std::size_t> front = pareto_front(plane, Corner::upper_left);
  if (front.empty()) return {};
  return {plane[front.front()].x, plane[front.back()].x};
}

void widen(std::optional<MeasuredRange>& range, double value) {
  if (!range) range = {value, value};
  range->min = std::min(range->min, value);
  range->max = std::max(range->max, value);
}

void add_row(CalculatedLine& line, const StoredPoint& stored, OperatingPoint point) {
  line.has_input &= find_metric(stored.row.metrics, "input_tput_per_gpu") != nullptr;
  line.has_output &= find_metric(stored.row.metrics, "output_tput_per_gpu") != nullptr;
  line.points.push_back(std::move(point));
  line.stored.push_back(&stored);
}

CalculatedLine empty_line(const OperatingPoint& point, const CalculatorQuery& query,
                          const Registry& registry) {
  CalculatedLine line;
  line.hw_key = point.hw_key;
  line.precision = point.precision;
  line.line = line_key(point.hw_key, point.precision);
  const PowerAndCost accelerator = power_and_cost(registry, point.hw_key);
  line.has_power = accelerator.power_kw != 0;
  line.has_price =
      line.has_power && accelerator.cost_per_hour[static_cast<std::size_t>(query.provider)] != 0;
  line.has_input = line.has_output = true;
  return line;
}

// The lines with a value from the best, then the others.
void order_best_first(std::vector<CalculatedLine>& lines, const CalculatorQuery& query) {
  const auto without = std::stable_partition(lines.begin(), lines.end(), [&](const auto& line) {
    return line.bar_value(query).has_value();
  });
  std::vector<OperatingEstimate> estimates;
  for (auto line = lines.begin(); line != without; ++line) estimates.push_back(*line->estimate);
  std::vector<CalculatedLine> ordered;
  for (const std::size_t i : best_first(estimates, query.bar, query.tokens))
    ordered.push_back(std::move(lines[i]));
  std::move(without, lines.end(), std::back_inserter(ordered));
  lines = std::move(ordered);
}

}  // namespace

bool comes_before(const ChartLabels& labels, std::string_view hw_key, std::string_view precision,
                  std::string_view other_key, std::string_view other_precision) {
  return std::tuple(labels.sort_index(hw_key), hw_key, precision) <
         std::tuple(labels.sort_index(other_key), other_key, other_precision);
}

std::optional<double> CalculatedLine::bar_value(const CalculatorQuery& query) const {
  if (!estimate) return std::nullopt;
  if (query.tokens == TokenKind::input && !has_input) return std::nullopt;
  if (query.tokens == TokenKind::output && !has_output) return std::nullopt;
  if (query.bar == BarMetric::power && !has_power) return std::nullopt;
  if (query.bar == BarMetric::cost && !has_price) return std::nullopt;
  return inference::bar_value(*estimate, query.bar, query.tokens);
}

Result<Calculation> calculate(const Question& question, const CalculatorQuery& query) {
  const ReadPorts& ports = question.ports();
  Calculation answer;
  BL_TRY(answer.rows,
         question.state(query.lines.model_keys, {.date = query.date}, LineRule::snapshot));
  std::map<std::string, CalculatedLine> lines;
  for (const StoredPoint& stored : *answer.rows) {
    if (!query.lines.covers(stored.row, ports.labels)) continue;
    auto point = operating_point(stored.row, ports.registry, ports.labels, MissingValues::absent);
    if (!point) continue;
    widen(answer.range, input_of(*point, query.target.kind));
    const auto [line, is_new] = lines.try_emplace(line_key(point->hw_key, point->precision));
    if (is_new) line->second = empty_line(*point, query, ports.registry);
    add_row(line->second, stored, std::move(*point));
  }
  for (auto& [key, line] : lines) {
    line.estimate = estimate(line.points, query.target, query.provider, TwoKnots::straight);
    line.front = front_range(line, query.target.kind);
    const bool reaches = line.estimate && line.estimate->value > 0;
    (reaches ? answer.lines : answer.out_of_reach).push_back(std::move(line));
  }
  std::sort(answer.out_of_reach.begin(), answer.out_of_reach.end(),
            [&](const auto& a, const auto& b) {
              return comes_before(ports.labels, a.hw_key, a.precision, b.hw_key, b.precision);
            });
  order_best_first(answer.lines, query);
  return answer;
}

}  // namespace bl::inference
