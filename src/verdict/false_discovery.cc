#include "verdict/false_discovery.h"

#include <algorithm>
#include <cstddef>

namespace bl::verdict {

std::vector<double> adjusted_p_values(std::span<const double> p_values) {
  std::vector<std::size_t> order(p_values.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::sort(order, [&](std::size_t a, std::size_t b) { return p_values[a] > p_values[b]; });
  std::vector<double> adjusted(p_values.size());
  double least = 1;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const auto rank = static_cast<double>(p_values.size() - i);
    least = std::min(least, p_values[order[i]] * static_cast<double>(p_values.size()) / rank);
    adjusted[order[i]] = least;
  }
  return adjusted;
}

}  // namespace bl::verdict
