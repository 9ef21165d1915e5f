#include "verdict/unit_change.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace bl::verdict {

bool looks_like_a_change_of_unit(double relative_change) {
  if (!(relative_change > -1)) return false;
  constexpr double k_tolerance = 0.03;
  constexpr std::array<double, 9> k_steps = {60,  100,           1e3, 1024,        3600,
                                             1e6, 1024.0 * 1024, 1e9, 1073741824.0};
  const double jump = std::fabs(std::log1p(relative_change));
  return std::any_of(k_steps.begin(), k_steps.end(), [jump](double step) {
    return std::fabs(jump - std::log(step)) < k_tolerance;
  });
}

}  // namespace bl::verdict
