#pragma once

#include <optional>

#include "gate/model.h"

/// Private: how sure one may be that a quantity of one series is another one's. All changes are
/// shares by which the measured side is worse.
namespace bl::gate {

struct Evidence {
  double change = 0;
  std::optional<double> low, high, p_value, noise_floor, detectable;
  std::string weakness;  ///< why there is little of it; empty: nothing to say
};

/// Medians. Rounds are the units of the test where both sides have enough of them, else samples.
/// `summary` stands for a baseline without samples.
Evidence compare_medians(const Series& baseline, const std::optional<Summary>& summary,
                         const Series& measured, Direction better);
/// Quantiles, by a bootstrap over rounds, and over samples where a side has a single round.
Evidence compare_quantiles(const Series& baseline, const Series& measured, double q);

/// (measured - baseline) / baseline where less is better, else (baseline - measured) / measured.
double change_of(double baseline, double measured, Direction better);

}  // namespace bl::gate
