#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

#include "inference/registry.h"

/// What a million tokens cost, and how much power and energy tokens need, from throughput per
/// accelerator (spec/inference.md 5.3). Pure; threads: any.
namespace bl::inference {

enum class DerivedMetric : unsigned char {
  throughput,  ///< tokens per second and accelerator, all accelerators of the deployment
  output_throughput,
  input_throughput,
  throughput_per_mw,  ///< tokens per second and megawatt, all in, as provisioned
  input_throughput_per_mw,
  output_throughput_per_mw,
  cost_hyperscaler,  ///< US dollars per million tokens of both kinds
  cost_neocloud,
  cost_rental,
  cost_hyperscaler_output,
  cost_neocloud_output,
  cost_rental_output,
  cost_hyperscaler_input,
  cost_neocloud_input,
  cost_rental_input,
  joules,  ///< per token of both kinds, at the provisioned power
  joules_output,
  joules_input,
  cost_user,  ///< with a price per accelerator and hour that the user entered
  throughput_per_user_mw,
};
inline constexpr std::size_t k_derived_metric_count = 20;

/// The name on the wire: `tpPerGpu`, `costhOutput`, `jTotal`, ...
std::string_view name_of(DerivedMetric metric);
std::optional<DerivedMetric> derived_metric_named(std::string_view name);

/// Values by metric; a metric that is not there has none.
class DerivedMetrics {
 public:
  std::optional<double>& operator[](DerivedMetric m) {
    return values_[static_cast<std::size_t>(m)];
  }
  const std::optional<double>& operator[](DerivedMetric m) const {
    return values_[static_cast<std::size_t>(m)];
  }
  bool operator==(const DerivedMetrics&) const = default;

 private:
  std::array<std::optional<double>, k_derived_metric_count> values_;
};

/// Tokens per second and accelerator: all per accelerator of the deployment, but when prefill and
/// decode are apart, output per decoding and input per prefilling one.
struct Throughputs {
  double total = 0;
  double output = 0;
  double input = 0;
};

enum class Provider : unsigned char { hyperscaler, neocloud, rental };
inline constexpr std::array k_providers = {Provider::hyperscaler, Provider::neocloud,
                                           Provider::rental};

/// Of one accelerator; 0 where it is not known.
struct PowerAndCost {
  double power_kw = 0;
  std::array<double, 3> cost_per_hour = {};  ///< US dollars, by Provider
  bool operator==(const PowerAndCost&) const = default;
};
/// Of the accelerator that a hardware key (`h200_trt`, `h100-nv`) begins with.
PowerAndCost power_and_cost(const Registry& registry, std::string_view hw_key);

/// US dollars per million tokens; 0 when there is no throughput.
double cost_per_million(double cost_per_hour, double tokens_per_second);

/// All but the user's two. As the InferenceX dashboard has it: an unknown accelerator (power 0)
/// costs 0 and has infinite throughput_per_mw (NaN when it is 0 by 0); output and input metrics
/// that are not costs are there only when their throughput is not 0.
DerivedMetrics derive(const Throughputs& throughputs, const PowerAndCost& accelerator);

/// Adds the costs of output (`derive` would have given them) that a point lacks, rounded to three
/// decimals; without an output throughput it is taken as 7/8 of the total, input as 1/8.
void fill_output_costs(DerivedMetrics& metrics, const PowerAndCost& accelerator);
void fill_input_costs(DerivedMetrics& metrics, const PowerAndCost& accelerator);
/// Adds the energies that a point lacks.
void fill_energy(DerivedMetrics& metrics, const PowerAndCost& accelerator);

/// Cost with the user's price, three decimals; nullopt without a throughput.
std::optional<double> user_cost(const DerivedMetrics& metrics, double user_cost_per_hour);

/// The dashboard multiplies by the user's power where it should divide: more power gives more
/// tokens per megawatt. `as_dashboard` does so, `divided` does it right.
enum class UserPower : unsigned char { divided, as_dashboard };
/// Throughput per megawatt with the user's kW per accelerator, three decimals; nullopt without a
/// throughput per megawatt, or when it is not finite.
std::optional<double> user_throughput_per_mw(const DerivedMetrics& metrics,
                                             const PowerAndCost& accelerator, double user_power_kw,
                                             UserPower how);

}  // namespace bl::inference
