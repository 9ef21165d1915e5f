#include "inference/pareto.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace bl::inference {
namespace {

constexpr std::array<std::string_view, 4> k_names = {"upper_left", "upper_right", "lower_left",
                                                     "lower_right"};

using Points = std::span<const PlanePoint>;
using Positions = std::vector<std::size_t>;

Positions sorted(Points points, Corner corner) {
  const bool x_descends = corner == Corner::lower_right;
  const bool y_descends = corner == Corner::upper_left || corner == Corner::upper_right;
  Positions order;
  order.reserve(points.size());
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (!std::isnan(points[i].x) && !std::isnan(points[i].y)) order.push_back(i);
  }
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    if (points[a].x != points[b].x) return (points[a].x < points[b].x) != x_descends;
    if (points[a].y != points[b].y) return (points[a].y < points[b].y) != y_descends;
    return false;
  });
  return order;
}

// More x and more y: a later point hides all before it that are not higher.
Positions descending_front(Points points, const Positions& order) {
  Positions front;
  for (const std::size_t i : order) {
    if (!front.empty() && points[front.back()].x == points[i].x) continue;  // the higher came first
    while (!front.empty() && points[i].y >= points[front.back()].y) front.pop_back();
    front.push_back(i);
  }
  return front;
}

Positions rising_front(Points points, const Positions& order) {
  Positions front;
  for (const std::size_t i : order) {
    const bool first_of_its_x = front.empty() || points[i].x > points[front.back()].x;
    if (first_of_its_x && (front.empty() || points[i].y >= points[front.back()].y))
      front.push_back(i);
  }
  return front;
}

Positions falling_front(Points points, const Positions& order) {
  Positions front;
  for (const std::size_t i : order) {
    if (front.empty() || points[i].y < points[front.back()].y) front.push_back(i);
  }
  return front;
}

}  // namespace

std::optional<Corner> corner_named(std::string_view name) {
  const auto found = std::find(k_names.begin(), k_names.end(), name);
  if (found == k_names.end()) return std::nullopt;
  return static_cast<Corner>(found - k_names.begin());
}

std::string_view name_of(Corner corner) {
  return k_names[static_cast<std::size_t>(corner)];
}

Corner mirrored(Corner corner) {
  switch (corner) {
    case Corner::upper_left:
      return Corner::upper_right;
    case Corner::upper_right:
      return Corner::upper_left;
    case Corner::lower_left:
      return Corner::lower_right;
    case Corner::lower_right:
      return Corner::lower_left;
  }
  return corner;
}

std::vector<std::size_t> pareto_front(std::span<const PlanePoint> points, Corner corner) {
  const Positions order = sorted(points, corner);
  if (corner == Corner::upper_left) return descending_front(points, order);
  if (corner == Corner::upper_right) return rising_front(points, order);
  return falling_front(points, order);
}

}  // namespace bl::inference
