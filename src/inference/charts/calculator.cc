#include "inference/calculator.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "inference/number_text.h"
#include "inference/pareto.h"

namespace bl::inference {
namespace {

constexpr double k_single_point_tolerance = 1e-6;

/// Curves of several values over the same knots.
class Knots {
 public:
  Knots(std::vector<double> xs, TwoKnots two_knots) : xs_(std::move(xs)), two_knots_(two_knots) {}

  double at(double x, std::span<const double> ys) const {
    return std::max(0.0, hermite_interpolate(xs_, ys, monotone_slopes(xs_, ys, two_knots_), x));
  }
  const std::vector<double>& xs() const { return xs_; }

 private:
  std::vector<double> xs_;
  TwoKnots two_knots_;
};

double input_of(const OperatingPoint& p, Target target) {
  return target == Target::interactivity ? p.interactivity : p.throughputs.total;
}
double value_of(const OperatingPoint& p, Target target) {
  return target == Target::interactivity ? p.throughputs.total : p.interactivity;
}

// The front's points, ascending in what the target is given in.
std::vector<std::size_t> knots_of(std::span<const OperatingPoint> points, Target target) {
  std::vector<PlanePoint> plane;
  for (const OperatingPoint& p : points)
    plane.push_back({input_of(p, target), value_of(p, target)});
  return pareto_front(plane, Corner::upper_left);
}

std::string_view kind_prefix(TokenKind kind) {
  if (kind == TokenKind::input) return "Input ";
  return kind == TokenKind::output ? "Output " : "";
}

std::string_view kind_word(TokenKind kind) {
  return kind == TokenKind::total ? "Total " : kind_prefix(kind);
}

}  // namespace

std::optional<OperatingPoint> operating_point(const BenchmarkRow& row, const Registry& registry,
                                              const ChartLabels& labels, MissingValues missing) {
  const auto value = [&](std::string_view name) -> std::optional<double> {
    const double* found = find_metric(row.metrics, name);
    return found ? std::optional(*found) : std::nullopt;
  };
  const auto interactivity = value("median_intvty"), total = value("tput_per_gpu");
  if (missing == MissingValues::absent && !(interactivity && total)) return std::nullopt;
  OperatingPoint point;
  point.hw_key = serving_key(labels, row.config);
  point.precision = row.config.precision;
  point.interactivity = interactivity.value_or(0);
  point.throughputs.total = total.value_or(0);
  point.throughputs.output = value("output_tput_per_gpu").value_or(point.throughputs.total);
  point.throughputs.input = value("input_tput_per_gpu").value_or(0);
  point.concurrency = row.conc;
  point.tp = row.config.decode_tp;
  point.derived = derive(point.throughputs, power_and_cost(registry, point.hw_key));
  return point;
}

DerivedMetric cost_metric(Provider provider, TokenKind kind) {
  using enum DerivedMetric;
  constexpr DerivedMetric metrics[3][3] = {
      {cost_hyperscaler, cost_hyperscaler_input, cost_hyperscaler_output},
      {cost_neocloud, cost_neocloud_input, cost_neocloud_output},
      {cost_rental, cost_rental_input, cost_rental_output}};
  return metrics[static_cast<std::size_t>(provider)][static_cast<std::size_t>(kind)];
}

std::optional<OperatingEstimate> estimate(std::span<const OperatingPoint> points,
                                          const OperatingTarget& target, Provider provider,
                                          TwoKnots two_knots) {
  const std::vector<std::size_t> front = knots_of(points, target.kind);
  if (front.empty()) return std::nullopt;
  const auto column = [&](const std::function<double(const OperatingPoint&)>& of) {
    std::vector<double> values;
    for (const std::size_t i : front) values.push_back(of(points[i]));
    return values;
  };
  const Knots knots(column([&](const auto& p) { return input_of(p, target.kind); }), two_knots);
  const double x = target.value;
  const std::vector<double>& xs = knots.xs();
  if (!std::isfinite(x)) return std::nullopt;
  const bool measured = xs.size() == 1 ? std::abs(x - xs[0]) < k_single_point_tolerance
                                       : x >= xs.front() && x <= xs.back();
  if (!measured) return std::nullopt;
  const auto at = [&](const auto& of) { return knots.at(x, column(of)); };
  const auto metric = [&](DerivedMetric m) {
    return at([m](const OperatingPoint& p) { return p.derived[m].value_or(0); });
  };
  OperatingEstimate e;
  e.value = at([&](const OperatingPoint& p) { return value_of(p, target.kind); });
  e.output_throughput = at([](const OperatingPoint& p) { return p.throughputs.output; });
  e.input_throughput = at([](const OperatingPoint& p) { return p.throughputs.input; });
  e.cost = metric(cost_metric(provider, TokenKind::total));
  e.cost_input = metric(cost_metric(provider, TokenKind::input));
  e.cost_output = metric(cost_metric(provider, TokenKind::output));
  e.throughput_per_mw = metric(DerivedMetric::throughput_per_mw);
  e.input_throughput_per_mw = metric(DerivedMetric::input_throughput_per_mw);
  e.output_throughput_per_mw = metric(DerivedMetric::output_throughput_per_mw);
  e.concurrency =
      std::llround(at([](const OperatingPoint& p) { return static_cast<double>(p.concurrency); }));
  if (xs.size() == 1) {
    e.nearest = {front[0]};
  } else {
    const auto above = std::upper_bound(xs.begin(), xs.end(), x);
    const auto hi = std::clamp<std::ptrdiff_t>(above - xs.begin(), 1,
                                               static_cast<std::ptrdiff_t>(xs.size()) - 1);
    e.nearest = {front[static_cast<std::size_t>(hi - 1)], front[static_cast<std::size_t>(hi)]};
  }
  return e;
}

double bar_value(const OperatingEstimate& e, BarMetric bar, TokenKind kind) {
  const auto of_kind = [&](double total, double input, double output) {
    if (kind == TokenKind::total) return total;
    return kind == TokenKind::input ? input : output;
  };
  switch (bar) {
    case BarMetric::throughput:
      return of_kind(e.value, e.input_throughput, e.output_throughput);
    case BarMetric::power:
      return of_kind(e.throughput_per_mw, e.input_throughput_per_mw, e.output_throughput_per_mw);
    case BarMetric::cost:
      return of_kind(e.cost, e.cost_input, e.cost_output);
  }
  return 0;
}

std::vector<std::size_t> best_first(std::span<const OperatingEstimate> estimates, BarMetric bar,
                                    TokenKind kind) {
  std::vector<std::size_t> order(estimates.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    const double value_a = bar_value(estimates[a], bar, kind);
    const double value_b = bar_value(estimates[b], bar, kind);
    return bar == BarMetric::cost ? value_a < value_b : value_a > value_b;
  });
  return order;
}

std::string bar_label(const OperatingEstimate& e, const BarChoice& choice) {
  const double value = bar_value(e, choice.bar, choice.kind);
  switch (choice.bar) {
    case BarMetric::power:
      return ecma_fixed(value, 0) + " tok/s/MW";
    case BarMetric::cost:
      return "$" + ecma_fixed(value, 3) + "/M" +
             (choice.kind == TokenKind::total   ? " tok"
              : choice.kind == TokenKind::input ? " input tok"
                                                : " output tok");
    case BarMetric::throughput:
      break;
  }
  return ecma_fixed(value, 1) +
         (choice.target == Target::interactivity ? " tok/s/gpu" : " tok/s/user");
}

std::string axis_label(const BarChoice& choice) {
  const std::string prefix(kind_prefix(choice.kind));
  switch (choice.bar) {
    case BarMetric::power:
      return prefix + "Tokens per Provisioned All-in Megawatt (tok/s/MW)";
    case BarMetric::cost:
      return "Cost per Million " + std::string(kind_word(choice.kind)) + "Tokens ($)";
    case BarMetric::throughput:
      break;
  }
  if (choice.target == Target::throughput) return "Interactivity (tok/s/user)";
  return prefix + "Token Throughput per GPU (tok/s/gpu)";
}

std::string bar_chart_title(const BarChoice& choice, double target_value, Provider provider) {
  const std::string word(kind_word(choice.kind));
  const std::string at = choice.target == Target::interactivity
                             ? " at " + ecma_number(target_value) + " tok/s/user Interactivity"
                             : " at " + ecma_number(target_value) + " tok/s/gpu Throughput";
  switch (choice.bar) {
    case BarMetric::power:
      return word + "Tokens per Provisioned All-in Megawatt" + at;
    case BarMetric::cost:
      return "Cost per Million " + word + "Tokens (" + std::string(label_of(provider)) + ")" + at;
    case BarMetric::throughput:
      break;
  }
  if (choice.target == Target::throughput) return "Interactivity" + at;
  return word + "Token Throughput per GPU" + at;
}

std::string_view label_of(Provider provider) {
  switch (provider) {
    case Provider::hyperscaler:
      return "Owning - Hyperscaler";
    case Provider::neocloud:
      return "Owning - Neocloud Giant";
    case Provider::rental:
      return "3 Year Rental";
  }
  return "";
}

}  // namespace bl::inference
