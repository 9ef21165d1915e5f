#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// A chart's legend: which lines are on, in what order they stand, and how a front's line is
/// coloured by its labels (spec/inference.md 5.4, 5.11). Pure; threads: any.
namespace bl::inference {

using NameSet = std::set<std::string>;
/// What is on after a click: with all on, the clicked one alone; with the clicked one alone, all;
/// else it is added or taken away.
NameSet after_click(const NameSet& on, const std::string& clicked, const NameSet& all);

struct LegendItem {
  std::string label;
  std::string title;
  bool is_active = false;
};
enum class LegendOrder : unsigned char { as_given, active_first };
/// Positions of the items whose label or title contains the search text, whatever the case.
std::vector<std::size_t> shown_items(std::span<const LegendItem> items, std::string_view search,
                                     LegendOrder order);

/// What a front's point is labelled with, without counts of workers: `TP4` and `DEP8` of
/// `5xTP4+1xDEP8`.
std::vector<std::string> label_components(std::string_view label);
/// How many components of `a` are in `b` too, by the count of different ones in either: 1 when all
/// are shared, above it when `a` repeats shared ones more often than there are others.
double label_similarity(std::string_view a, std::string_view b);

struct LabelledPoint {
  double x = 0;
  std::string label;
  std::string color;
};
struct GradientStop {
  double offset = 0;  ///< 0 at the first point, 1 at the last
  std::string color;
  bool operator==(const GradientStop&) const = default;
};
/// Colours along a line whose points are ascending in x: each label has its stretch, up to the
/// middle between neighbours, blended more the more alike they are. nullopt with one point, one
/// label or one x.
std::optional<std::vector<GradientStop>> gradient_stops(std::span<const LabelledPoint> points);

}  // namespace bl::inference
