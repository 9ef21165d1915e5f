#include "app/tests/quiet_pull_requests.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <random>
#include <set>

#include "advice/compose.h"
#include "app/advice_facts.h"
#include "results/series_judge.h"
#include "results/verdict_encode.h"
#include "verdict/robust.h"

namespace bl::app {
namespace {

constexpr std::size_t k_history_max = 160;  // results::VerdictLimits::contender_results
constexpr std::size_t k_level_results = 20;

/// The places of the newest results before `first`, oldest first.
std::vector<std::size_t> history_of(const NoisySeries& series, std::size_t first,
                                    std::size_t most) {
  std::vector<std::size_t> places;
  for (std::size_t i = first; i-- > 0 && places.size() < most;) {
    if (std::isfinite(series.values[i])) places.push_back(i);
  }
  std::ranges::reverse(places);
  return places;
}

advice::JudgedRow judge(const NoisySeries& series, std::size_t first, int own_runs, double factor) {
  std::vector<results::VerdictPoint> points;
  const auto add = [&](std::size_t i) {
    results::VerdictPoint point;
    point.result_id = std::to_string(i);
    point.commit_sha = i < first ? "main-" + std::to_string(i) : "head";
    point.commit_timestamp = point.result_timestamp =
        Timestamp{static_cast<std::int64_t>(i) * 1'000'000};
    point.value = series.values[i] * (i < first ? 1 : factor);
    // Of a pull request's machine nobody says that it is another one.
    point.environment = series.machines[std::min(i, first - 1)];
    points.push_back(std::move(point));
  };
  for (const std::size_t i : history_of(series, first, k_history_max)) add(i);
  for (std::size_t i = first; i < first + static_cast<std::size_t>(own_runs); ++i) add(i);
  const std::string unit = series.less_is_better ? "s" : "B/s";
  advice::JudgedRow row{.name = series.id,
                        .fingerprint = series.id,
                        .unit = unit,
                        .result_id = series.id,
                        .runs_after = own_runs};
  take_verdict(row, results::encode_verdict(results::judge_points(points, unit).verdict));
  row.began_before = row.since_sha && *row.since_sha != "head";
  return row;
}

/// Whether the results from `first` on stay where `percent` says that they went, half of the way.
bool holds_afterwards(const NoisySeries& series, std::size_t first, double percent) {
  std::vector<double> before, after;
  for (const std::size_t i : history_of(series, first, k_level_results)) {
    before.push_back(series.values[i]);
  }
  for (std::size_t i = first; i < series.values.size() && after.size() < k_level_results; ++i) {
    if (std::isfinite(series.values[i])) after.push_back(series.values[i]);
  }
  const double moved = (verdict::median(after) / verdict::median(before) - 1) * 100;
  return moved * percent > 0 && std::abs(moved) >= std::abs(percent) / 2;
}

std::size_t below(std::size_t count, std::mt19937_64& random) {
  return static_cast<std::size_t>(random() % count);
}

}  // namespace

std::vector<PullRequestMaker::Place> PullRequestMaker::draw(const PullRequests& asked,
                                                            std::mt19937_64& random) const {
  const auto wanted = static_cast<std::size_t>(asked.benchmarks);
  while (true) {
    const std::size_t together =
        k_history_min + below(series_.front().values.size() - k_history_min, random);
    std::vector<std::size_t> order(series_.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::ranges::shuffle(order, random);
    std::vector<Place> places;
    for (const std::size_t one : order) {
      if (places.size() == wanted) break;
      const auto& quiet = series_[one].quiet;
      if (!asked.together) {
        places.push_back({one, quiet[below(quiet.size(), random)]});
      } else if (std::ranges::binary_search(quiet, together)) {
        places.push_back({one, together});
      }
    }
    if (places.size() == wanted) return places;
  }
}

const advice::JudgedRow& PullRequestMaker::judged(Place place, int own_runs, double slowdown) {
  const auto key = std::tuple(place.series, place.first, own_runs, slowdown);
  const auto known = judged_.find(key);
  if (known != judged_.end()) return known->second;
  const NoisySeries& series = series_[place.series];
  const double factor = series.less_is_better ? 1 + slowdown : 1 / (1 + slowdown);
  return judged_.emplace(key, judge(series, place.first, own_runs, factor)).first->second;
}

Told PullRequestMaker::tell(const PullRequests& asked) {
  std::mt19937_64 random(asked.seed);
  Told told;
  for (std::int64_t number = 0; number < asked.count; ++number) {
    advice::ChangeReport report{.head = {"head", "", ""}, .base_sha = "base"};
    std::map<std::string, Place> places;
    std::set<std::string> slow;
    for (const Place place : draw(asked, random)) {
      const bool is_slow = slow.size() < static_cast<std::size_t>(asked.planted);
      report.rows.push_back(judged(place, asked.own_runs, is_slow ? asked.slowdown : 0));
      places[series_[place.series].id] = place;
      if (is_slow) slow.insert(series_[place.series].id);
    }
    const advice::Question question{"https://github.com/org/repo", "head", {}};
    const advice::Comment comment = advice::compose(
        {.question = question, .report = report, .findings = advice::findings_of(report)});
    bool is_wrong = false, is_unsure = false;
    for (const advice::Finding& finding : comment.findings) {
      const bool is_planted = slow.contains(finding.name);
      const bool is_slower = finding.kind == advice::Kind::slower;
      const bool is_told = is_slower || finding.kind == advice::Kind::faster;
      told.found += is_planted && is_slower;
      told.found_unsure += is_planted && finding.kind == advice::Kind::unsure;
      is_unsure = is_unsure || (finding.kind == advice::Kind::unsure && !is_planted);
      if (!is_told || (is_planted && is_slower)) continue;
      const Place place = places.at(finding.name);
      const bool is_held = asked.together && !is_planted &&
                           holds_afterwards(series_[place.series], place.first, *finding.percent);
      told.held += is_held;
      is_wrong = is_wrong || !is_held;
    }
    ++told.pull_requests;
    told.wrong += is_wrong;
    told.unsure += is_unsure && !is_wrong;
    told.planted += static_cast<std::int64_t>(slow.size());
  }
  return told;
}

}  // namespace bl::app
