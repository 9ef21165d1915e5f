#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

/// Pareto fronts of points in a plane (spec/inference.md 5.5): which configurations are the best
/// trade between two metrics. Pure; threads: any.
namespace bl::inference {

struct PlanePoint {
  double x = 0;
  double y = 0;
  bool operator==(const PlanePoint&) const = default;
};

/// Where a front bends, which says what is better: upper means more y, lower less y; left means
/// that more x is better (the curve lies left of the ideal), right that less x is.
enum class Corner : unsigned char { upper_left, upper_right, lower_left, lower_right };

/// `upper_left`, ...; nullopt for any other name.
std::optional<Corner> corner_named(std::string_view name);
std::string_view name_of(Corner corner);
/// Left becomes right and right left: the same metric over an axis that counts the other way.
Corner mirrored(Corner corner);

/// The points on the front, as positions in `points`: ascending in x, but descending for
/// lower_right. Of equal points the first; upper_right also keeps points that are no higher than
/// the one before them. Points with a NaN are on no front. Cost: O(n log n).
std::vector<std::size_t> pareto_front(std::span<const PlanePoint> points, Corner corner);

}  // namespace bl::inference
