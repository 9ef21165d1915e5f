#pragma once

#include <cmath>
#include <span>
#include <vector>

/// Small robust statistics that the detector is made of. Pure; any thread.
namespace bl::verdict {

/// Middle value, the mean of the two middle ones for an even count; 0 when empty. Reorders. O(n).
double median(std::vector<double>& values);

/// The q-quantile (0..1) as an order statistic; 0 when empty. Reorders. O(n).
double order_statistic(std::vector<double>& values, double q);

/// Level of a stretch: its median, moved by the mean of what is left after limiting each distance
/// from it to `reach`. As robust as the median, nearly as efficient as the mean. O(n).
double robust_level(std::span<const double> values, double reach);

}  // namespace bl::verdict
