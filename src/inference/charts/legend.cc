#include "inference/legend.h"

#include <algorithm>

namespace bl::inference {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view k_blanks = " \t\n\r\f\v";
  const std::size_t begin = text.find_first_not_of(k_blanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(k_blanks) - begin + 1);
}

std::string without_multiplier(std::string_view part) {
  const std::size_t digits = part.find_first_not_of("0123456789");
  const bool multiplied = digits != 0 && digits != std::string_view::npos && part[digits] == 'x';
  return std::string(multiplied ? part.substr(digits + 1) : part);
}

// A part of a line that has one label; ends are parts of the whole.
struct Stretch {
  const LabelledPoint* point;
  double begin;
  double end;
  double length() const { return end - begin; }
};

}  // namespace

NameSet after_click(const NameSet& on, const std::string& clicked, const NameSet& all) {
  if (on.size() == all.size()) return {clicked};
  if (on.size() == 1 && on.contains(clicked)) return all;
  NameSet changed = on;
  if (changed.erase(clicked) == 0) changed.insert(clicked);
  return changed;
}

std::vector<std::size_t> shown_items(std::span<const LegendItem> items, std::string_view search,
                                     LegendOrder order) {
  const std::string wanted = lower(trimmed(search));
  std::vector<std::size_t> shown;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (lower(items[i].label).find(wanted) != std::string::npos ||
        lower(items[i].title).find(wanted) != std::string::npos)
      shown.push_back(i);
  }
  if (order == LegendOrder::active_first) {
    std::stable_partition(shown.begin(), shown.end(),
                          [&](std::size_t i) { return items[i].is_active; });
  }
  return shown;
}

std::vector<std::string> label_components(std::string_view label) {
  std::vector<std::string> components;
  for (;;) {
    const std::size_t end = std::min(label.find('+'), label.size());
    components.push_back(without_multiplier(label.substr(0, end)));
    if (end == label.size()) return components;
    label.remove_prefix(end + 1);
  }
}

double label_similarity(std::string_view a, std::string_view b) {
  const auto of_a = label_components(a), of_b = label_components(b);
  const NameSet set_b(of_b.begin(), of_b.end());
  NameSet either = set_b;
  either.insert(of_a.begin(), of_a.end());
  const auto shared =
      std::count_if(of_a.begin(), of_a.end(), [&](const auto& one) { return set_b.contains(one); });
  return static_cast<double>(shared) / static_cast<double>(either.size());
}

std::optional<std::vector<GradientStop>> gradient_stops(std::span<const LabelledPoint> points) {
  if (points.size() < 2 || points.front().x == points.back().x) return std::nullopt;
  const double begin = points.front().x, range = points.back().x - begin;
  std::vector<Stretch> stretches;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const bool last = i + 1 == points.size();
    const double end = last ? 1 : ((points[i].x + points[i + 1].x) / 2 - begin) / range;
    if (!stretches.empty() && stretches.back().point->label == points[i].label) {
      stretches.back().end = end;
    } else {
      stretches.push_back({&points[i], stretches.empty() ? 0 : stretches.back().end, end});
    }
  }
  if (stretches.size() < 2) return std::nullopt;
  std::vector<GradientStop> stops;
  for (std::size_t i = 0; i + 1 < stretches.size(); ++i) {
    const Stretch &here = stretches[i], &next = stretches[i + 1];
    const double alike = label_similarity(here.point->label, next.point->label);
    const double blend = (0.05 + 0.15 * alike) * std::min(here.length(), next.length());
    stops.push_back({here.begin, here.point->color});
    stops.push_back({here.end - blend, here.point->color});
    stops.push_back({here.end + blend, next.point->color});
  }
  stops.push_back({1, stretches.back().point->color});
  return stops;
}

}  // namespace bl::inference
