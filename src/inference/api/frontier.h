#pragma once

#include <map>
#include <string>
#include <vector>

#include "inference/api/choices.h"
#include "inference/api/reads.h"

/// The charts of our own API: rows of the store become shown points and fronts. Arithmetic is the
/// library's (chart_point.h, chart_metrics.h).
namespace bl::inference {

/// The chart of one day.
struct ChartState {
  std::shared_ptr<const Points> rows;
  std::optional<std::string> as_of;
  std::vector<ChartPoint> points;
  std::vector<const StoredPoint*> stored;  ///< as many as points
  std::vector<ShownPoint> shown;
  std::vector<ChartFront> fronts;  ///< by line; lines without shown points have none
};

struct Frontier {
  std::string x_name;
  std::string x_label;
  Corner corner = Corner::upper_left;
  ChartLimits limits;
  std::int64_t without_value = 0;
  std::int64_t beyond_limits = 0;
  std::vector<ChartState> states;  ///< of date, then of compare_date
};
Result<Frontier> frontier_of(const Question& question, const FrontierQuery& query);

/// html_url with the attempt.
std::optional<std::string> run_url_of(const StoredPoint& stored);

/// Which measured values a point carries: those that charts compute with, or all. Most points are
/// only drawn, and rows have many values.
enum class CarriedValues : unsigned char { needed, all };
/// The point of a row over a horizontal value; what is not known of it (no such throughput was
/// measured, nobody knows the accelerator's power or price) has no derived value. nullopt when the
/// row lacks the horizontal value or a throughput.
std::optional<ChartPoint> known_point(const StoredPoint& stored, std::string_view x_name,
                                      const ReadPorts& ports,
                                      CarriedValues values = CarriedValues::needed);

}  // namespace bl::inference
