#pragma once

#include <span>
#include <vector>

namespace bl::verdict {

/// Benjamini and Hochberg: for each p-value the smallest share of false discoveries at which it
/// would be among them. In their order. Pure; O(n log n).
std::vector<double> adjusted_p_values(std::span<const double> p_values);

}  // namespace bl::verdict
