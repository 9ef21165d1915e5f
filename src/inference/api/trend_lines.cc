#include <algorithm>
#include <map>

#include "inference/api/calculator_lines.h"
#include "inference/api/frontier.h"

namespace bl::inference {
namespace {

constexpr std::string_view k_interactivity = "median_intvty";

// What trends are made of; a history's other values would only be copied.
bool is_needed(std::string_view metric) {
  return metric == k_interactivity || metric.ends_with("tput_per_gpu");
}

struct Day {
  std::vector<PlanePoint> plane;
  std::vector<const StoredPoint*> stored;
};
using DaysOfLine = std::map<std::string, Day>;

// The points on the day's front that are next to the target: what its value was read between.
std::vector<const StoredPoint*> nearest_to(const Day& day, double target) {
  std::vector<const StoredPoint*> nearest;
  const std::vector<std::size_t> front = pareto_front(day.plane, Corner::upper_left);
  const auto above = std::find_if(front.begin(), front.end(), [&](std::size_t position) {
    return day.plane[position].x >= target;
  });
  if (above == front.end()) return nearest;
  const bool is_exact = day.plane[*above].x == target;
  if (!is_exact && above != front.begin()) nearest.push_back(day.stored[*std::prev(above)]);
  nearest.push_back(day.stored[*above]);
  return nearest;
}

}  // namespace

Result<TrendAnswer> trend_of(const Question& question, const TrendQuery& query) {
  const ReadPorts& ports = question.ports();
  TrendAnswer answer;
  BL_TRY(Points rows, ports.sweeps.history(query.lines.model_keys, query.lines.sequence.isl,
                                           query.lines.sequence.osl));
  for (StoredPoint& stored : rows)
    std::erase_if(stored.row.metrics, [](const auto& m) { return !is_needed(m.first); });
  answer.rows = std::make_shared<const Points>(std::move(rows));

  std::vector<ChartPoint> points;
  std::map<std::string, DaysOfLine> days;
  std::map<std::string, TrendOfLine> lines;
  for (const StoredPoint& stored : *answer.rows) {
    if (!query.lines.covers(stored.row, ports.labels)) continue;
    auto point = known_point(stored, k_interactivity, ports);
    if (!point || !point->derived[query.metric->metric]) continue;
    const ChartEntry& entry = point->entry;
    const std::string line = line_key(entry.hw_key, entry.precision);
    lines.try_emplace(line, TrendOfLine{line, entry.hw_key, entry.precision, {}});
    Day& day = days[line][entry.date];
    day.plane.push_back({point->x, point->derived[DerivedMetric::throughput].value_or(0)});
    day.stored.push_back(&stored);
    points.push_back(std::move(*point));
  }
  const TrendTarget target{query.interactivity, query.metric->metric};
  answer.trends = trends(points, target, query.today, TwoKnots::straight, MissingValues::absent);
  for (const auto& [line, measured] : answer.trends) {
    TrendOfLine& shown = answer.lines.emplace_back(std::move(lines.at(line)));
    for (const TrendPoint& point : measured) {
      TrendDay& day = shown.days.emplace_back(TrendDay{point, {}});
      if (!point.synthetic) day.nearest = nearest_to(days[line][point.date], query.interactivity);
    }
  }
  std::sort(answer.lines.begin(), answer.lines.end(), [&](const auto& a, const auto& b) {
    return comes_before(ports.labels, a.hw_key, a.precision, b.hw_key, b.precision);
  });
  return answer;
}

}  // namespace bl::inference
