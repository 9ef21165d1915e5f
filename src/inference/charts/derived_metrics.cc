#include "inference/derived_metrics.h"

#include <algorithm>
#include <cmath>

namespace bl::inference {
namespace {

using enum DerivedMetric;

constexpr std::array<std::string_view, k_derived_metric_count> k_names = {
    "tpPerGpu",       "outputTputPerGpu", "inputTputPerGpu", "tpPerMw",
    "inputTputPerMw", "outputTputPerMw",  "costh",           "costn",
    "costr",          "costhOutput",      "costnOutput",     "costrOutput",
    "costhi",         "costni",           "costri",          "jTotal",
    "jOutput",        "jInput",           "costUser",        "powerUser"};

constexpr std::array k_total_costs = {cost_hyperscaler, cost_neocloud, cost_rental};
constexpr std::array k_output_costs = {cost_hyperscaler_output, cost_neocloud_output,
                                       cost_rental_output};
constexpr std::array k_input_costs = {cost_hyperscaler_input, cost_neocloud_input,
                                      cost_rental_input};

double rounded_to_thousandths(double x) {
  return std::round(x * 1000) / 1000;
}

double joules_per_token(double power_kw, double tokens_per_second) {
  return tokens_per_second != 0 ? power_kw * 1000 / tokens_per_second : 0;
}

void set_costs(DerivedMetrics& metrics, const std::array<DerivedMetric, 3>& costs,
               const PowerAndCost& accelerator, double tokens_per_second) {
  for (std::size_t i = 0; i < costs.size(); ++i) {
    const bool known = accelerator.power_kw != 0;
    metrics[costs[i]] =
        known ? cost_per_million(accelerator.cost_per_hour[i], tokens_per_second) : 0;
  }
}

void fill_costs(DerivedMetrics& metrics, const std::array<DerivedMetric, 3>& costs,
                const PowerAndCost& accelerator, double tokens_per_second) {
  DerivedMetrics fresh;
  set_costs(fresh, costs, accelerator, tokens_per_second);
  for (const DerivedMetric cost : costs) {
    if (!metrics[cost]) metrics[cost] = rounded_to_thousandths(*fresh[cost]);
  }
}

}  // namespace

std::string_view name_of(DerivedMetric metric) {
  return k_names[static_cast<std::size_t>(metric)];
}

std::optional<DerivedMetric> derived_metric_named(std::string_view name) {
  const auto found = std::find(k_names.begin(), k_names.end(), name);
  if (found == k_names.end()) return std::nullopt;
  return static_cast<DerivedMetric>(found - k_names.begin());
}

PowerAndCost power_and_cost(const Registry& registry, std::string_view hw_key) {
  const Hardware* hardware = registry.find_hardware(hw_key.substr(0, hw_key.find_first_of("-_")));
  if (!hardware) return {};
  return {hardware->power_kw,
          {hardware->cost_hyperscaler, hardware->cost_neocloud.value_or(0), hardware->cost_rental}};
}

double cost_per_million(double cost_per_hour, double tokens_per_second) {
  if (tokens_per_second == 0) return 0;
  return cost_per_hour / (tokens_per_second * 3600 / 1e6);
}

DerivedMetrics derive(const Throughputs& t, const PowerAndCost& accelerator) {
  const double power = accelerator.power_kw;
  DerivedMetrics m;
  m[throughput] = t.total;
  m[throughput_per_mw] = t.total * 1000 / power;
  m[joules] = joules_per_token(power, t.total);
  set_costs(m, k_total_costs, accelerator, t.total);
  set_costs(m, k_output_costs, accelerator, t.output);
  set_costs(m, k_input_costs, accelerator, t.input);
  if (t.output != 0) {
    m[output_throughput] = t.output;
    m[output_throughput_per_mw] = power != 0 ? t.output * 1000 / power : 0;
    m[joules_output] = joules_per_token(power, t.output);
  }
  if (t.input != 0) {
    m[input_throughput] = t.input;
    m[input_throughput_per_mw] = power != 0 ? t.input * 1000 / power : 0;
    m[joules_input] = joules_per_token(power, t.input);
  }
  return m;
}

void fill_output_costs(DerivedMetrics& metrics, const PowerAndCost& accelerator) {
  const double total = metrics[throughput].value_or(0);
  fill_costs(metrics, k_output_costs, accelerator,
             metrics[output_throughput].value_or(0.875 * total));
}

void fill_input_costs(DerivedMetrics& metrics, const PowerAndCost& accelerator) {
  const double total = metrics[throughput].value_or(0);
  fill_costs(metrics, k_input_costs, accelerator,
             metrics[input_throughput].value_or(0.125 * total));
}

void fill_energy(DerivedMetrics& metrics, const PowerAndCost& accelerator) {
  const auto fill = [&](DerivedMetric energy, DerivedMetric rate) {
    if (!metrics[energy] && metrics[rate])
      metrics[energy] = joules_per_token(accelerator.power_kw, *metrics[rate]);
  };
  fill(joules, throughput);
  fill(joules_output, output_throughput);
  fill(joules_input, input_throughput);
}

std::optional<double> user_cost(const DerivedMetrics& metrics, double user_cost_per_hour) {
  if (!metrics[throughput]) return std::nullopt;
  return rounded_to_thousandths(cost_per_million(user_cost_per_hour, *metrics[throughput]));
}

std::optional<double> user_throughput_per_mw(const DerivedMetrics& metrics,
                                             const PowerAndCost& accelerator, double user_power_kw,
                                             UserPower how) {
  if (!metrics[throughput_per_mw]) return std::nullopt;
  const double ratio = how == UserPower::as_dashboard ? user_power_kw / accelerator.power_kw
                                                      : accelerator.power_kw / user_power_kw;
  const double value = *metrics[throughput_per_mw] * ratio;
  if (!std::isfinite(value)) return std::nullopt;
  return rounded_to_thousandths(value);
}

}  // namespace bl::inference
