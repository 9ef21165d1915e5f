#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "advice/alert_cost/parts.h"
#include "verdict/comparison.h"

namespace bl::advice {
namespace {

constexpr std::array k_z = {2.0, 2.5, 3.0, 3.5,  4.0,  4.5,  5.0,
                            6.0, 7.0, 8.0, 10.0, 12.0, 15.0, 20.0};
constexpr std::array k_percent = {1.0,  2.0,  3.0,  4.0,  5.0,  6.0,  8.0,
                                  10.0, 12.0, 15.0, 20.0, 25.0, 30.0, 50.0};

/// Where the values of a series begin to lie beyond the threshold: places of measured commits.
std::vector<std::size_t> beginnings(std::span<const JudgedValue> judged,
                                    std::optional<double> JudgedValue::* score, double threshold) {
  std::vector<std::size_t> begun;
  bool was_beyond = false;
  for (std::size_t i = 0; i < judged.size();) {
    const std::size_t commit = judged[i].commit;
    bool is_beyond = false, has_score = false;
    for (; i < judged.size() && judged[i].commit == commit; ++i) {
      const std::optional<double>& one = judged[i].*score;
      has_score = has_score || one.has_value();
      is_beyond = is_beyond || (one && -*one > threshold);
    }
    if (!has_score) continue;
    if (is_beyond && !was_beyond) begun.push_back(commit);
    was_beyond = is_beyond;
  }
  return begun;
}

class Replaying {
 public:
  Replaying(const ReplayWorld& world, std::optional<double> JudgedValue::* score,
            const CostLimits& limits)
      : world_(world), score_(score), limits_(limits), by_series_(world.series.size()) {
    for (std::size_t w = 0; w < world.witnesses.size(); ++w) {
      const Witness& witness = world.witnesses[w];
      for (std::size_t s = 0; s < world.series.size(); ++s) {
        if (!witness.series.empty() && !witness.series.contains(s)) continue;
        const std::size_t place = world.series[s]->place_of(witness.commit_sha, witness.timestamp);
        if (place < world.series[s]->commits().size()) by_series_[s].push_back({w, place});
      }
    }
  }

  ReplayPoint at(double threshold) const {
    ReplayPoint point;
    point.threshold = threshold;
    std::map<std::string_view, Answer> alarms;
    std::vector<bool> is_met(world_.witnesses.size(), false);
    for (std::size_t s = 0; s < world_.series.size(); ++s) {
      for (const std::size_t place : beginnings(world_.judged[s], score_, threshold)) {
        Answer& answer = alarms[world_.series[s]->commits()[place].sha];
        for (const Place& known : by_series_[s]) {
          if (place < known.place || place > known.place + limits_.near_commits) continue;
          is_met[known.witness] = true;
          if (world_.witnesses[known.witness].is_slowdown) {
            answer = Answer::confirmed;
          } else if (answer == Answer::unknown) {
            answer = Answer::false_alarm;
          }
        }
      }
    }
    point.alarms = static_cast<std::int64_t>(alarms.size());
    for (const auto& [sha, answer] : alarms) {
      ++(answer == Answer::confirmed     ? point.confirmed
         : answer == Answer::false_alarm ? point.false_alarms
                                         : point.unknown);
    }
    std::int64_t slowdowns = 0;
    for (std::size_t w = 0; w < is_met.size(); ++w) {
      if (!world_.witnesses[w].is_slowdown) continue;
      ++slowdowns;
      if (!is_met[w]) ++point.misses;
    }
    point.missed = share_of(point.misses, slowdowns);
    point.false_share = share_of(point.false_alarms, point.false_alarms + point.confirmed);
    const auto per_week = [&](std::int64_t count) {
      return static_cast<double>(count) / world_.weeks;
    };
    point.false_per_week = per_week(point.false_alarms);
    point.unknown_per_week = per_week(point.unknown);
    point.cost = world_.miss_cost * static_cast<double>(point.misses) +
                 static_cast<double>(point.false_alarms + point.unknown);
    return point;
  }

 private:
  struct Place {
    std::size_t witness = 0, place = 0;
  };
  const ReplayWorld& world_;
  std::optional<double> JudgedValue::* score_;
  const CostLimits& limits_;
  std::vector<std::vector<Place>> by_series_;
};

std::int64_t not_right(const ReplayPoint& point) {
  return point.false_alarms + point.unknown;
}

void mark_front(std::vector<ReplayPoint>& points) {
  for (ReplayPoint& one : points) {
    one.is_front = std::ranges::none_of(points, [&](const ReplayPoint& other) {
      return other.misses <= one.misses && not_right(other) <= not_right(one) &&
             (other.misses < one.misses || not_right(other) < not_right(one));
    });
  }
}

void refuse(Replay& answer, Refusal refusal, std::string reason) {
  answer.refusal = refusal;
  answer.reason = std::move(reason);
}

std::string told(const ReplayPoint& point, std::int64_t slowdowns) {
  return fmt::format("{} of {} known slowdowns missed and {:.2f} false or unknown alarms a week",
                     point.misses, slowdowns, point.false_per_week + point.unknown_per_week);
}

void propose(Replay& answer, const CostLimits& limits) {
  if (answer.judged < limits.judged_min) {
    return refuse(answer, Refusal::too_few_results,
                  fmt::format("a proposal needs {} judged results; there are {}", limits.judged_min,
                              answer.judged));
  }
  if (answer.slowdowns < limits.slowdowns_min) {
    return refuse(answer, Refusal::too_few_slowdowns,
                  fmt::format("a proposal needs {} known slowdowns; there are {}",
                              limits.slowdowns_min, answer.slowdowns));
  }
  if (answer.slowdowns + answer.known_false < limits.answered_min) {
    return refuse(answer, Refusal::too_few_answers,
                  fmt::format("a proposal needs {} known slowdowns and false alarms; there are {}",
                              limits.answered_min, answer.slowdowns + answer.known_false));
  }
  const auto distance = [&](const ReplayPoint& one) {
    return std::abs(std::log(one.threshold / answer.current));
  };
  const ReplayPoint& best =
      *std::ranges::min_element(answer.points, [&](const ReplayPoint& a, const ReplayPoint& b) {
        return a.cost != b.cost ? a.cost < b.cost : distance(a) < distance(b);
      });
  if (best.unknown > best.confirmed + best.false_alarms) {
    return refuse(answer, Refusal::mostly_unknown,
                  fmt::format("nobody said of {} of the {} alarms at the cheapest threshold {} "
                              "whether they were right",
                              best.unknown, best.alarms, best.threshold));
  }
  answer.proposed = best.threshold;
  const ReplayPoint& current = *std::ranges::find(answer.points, true, &ReplayPoint::is_current);
  answer.reason = best.is_current
                      ? fmt::format("{} {} is the cheapest: {}", answer.threshold_name,
                                    best.threshold, told(best, answer.slowdowns))
                      : fmt::format("{} {} instead of {}: {}, instead of {}", answer.threshold_name,
                                    best.threshold, answer.current, told(best, answer.slowdowns),
                                    told(current, answer.slowdowns));
}

}  // namespace

std::vector<JudgedValue> judged_values(const MeasuredSeries& series, Timestamp from, Timestamp to,
                                       int distribution_commits) {
  const auto direction = series.series().less_is_better ? verdict::Direction::less_is_better
                                                        : verdict::Direction::more_is_better;
  const std::vector<CostResult>& results = series.series().results;
  const auto window = static_cast<std::size_t>(distribution_commits);
  std::vector<verdict::LookbackRow> rows;
  rows.reserve(results.size());
  for (const CostResult& one : results) {
    rows.push_back({one.commit_timestamp.micros, one.result_timestamp.micros, one.value,
                    one.mark == Mark::expected});
  }
  std::vector<JudgedValue> judged;
  for (std::size_t c = 1; c < series.commits().size(); ++c) {
    const MeasuredSeries::Commit& commit = series.commits()[c];
    if (results[commit.end - 1].result_timestamp < from) continue;
    const std::size_t first = series.commits()[c > window ? c - window : 0].begin;
    const verdict::Distribution distribution = verdict::distribution(
        std::span(rows).subspan(first, commit.begin - first), {.commits = distribution_commits});
    for (std::size_t i = commit.begin; i < commit.end; ++i) {
      if (results[i].result_timestamp < from || results[i].result_timestamp > to) continue;
      const double value = results[i].value;
      JudgedValue& one = judged.emplace_back();
      one.commit = c;
      if (const auto z = verdict::z_score(distribution, value, direction)) one.z = z->score;
      if (const auto pair = verdict::pairwise(results[commit.begin - 1].value, value, direction)) {
        one.percent = pair->score;
      }
    }
  }
  return judged;
}

std::vector<double> thresholds_to_try(std::string_view threshold_name, double current) {
  std::vector<double> tried;
  if (threshold_name == "z") {
    tried.assign(k_z.begin(), k_z.end());
  } else {
    tried.assign(k_percent.begin(), k_percent.end());
  }
  const auto place = std::ranges::lower_bound(tried, current);
  if (place == tried.end() || *place != current) tried.insert(place, current);
  return tried;
}

Replay replay(const ReplayWorld& world, std::string_view threshold_name, double current,
              const CostLimits& limits) {
  const auto score = threshold_name == "z" ? &JudgedValue::z : &JudgedValue::percent;
  Replay answer;
  answer.threshold_name = threshold_name;
  answer.current = current;
  for (const auto& judged : world.judged) {
    answer.judged += std::ranges::count_if(
        judged, [&](const JudgedValue& one) { return (one.*score).has_value(); });
  }
  for (const Witness& witness : world.witnesses) {
    ++(witness.is_slowdown ? answer.slowdowns : answer.known_false);
  }
  const Replaying replaying(world, score, limits);
  for (const double threshold : thresholds_to_try(threshold_name, current)) {
    answer.points.push_back(replaying.at(threshold));
    answer.points.back().is_current = threshold == current;
  }
  mark_front(answer.points);
  propose(answer, limits);
  return answer;
}

}  // namespace bl::advice
