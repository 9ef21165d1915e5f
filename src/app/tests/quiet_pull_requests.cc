#include "app/tests/quiet_pull_requests.h"

#include <fmt/format.h>

#include <cstddef>
#include <fstream>
#include <map>
#include <random>
#include <set>

#include "advice/compose.h"
#include "app/advice_facts.h"
#include "base/json.h"
#include "results/series_judge.h"
#include "results/verdict_encode.h"
#include "verdict/series_lines.h"

namespace bl::app {
namespace {

constexpr std::size_t k_history_min = 30;
constexpr std::size_t k_history_max = 160;  ///< results::VerdictLimits::contender_results
constexpr std::size_t k_margin = 5;         ///< results around a labelled change

/// Places at or near a labelled change, or a stretch that the labels leave open.
std::set<std::size_t> disturbed(const json::Value& label) {
  std::set<std::size_t> places;
  const auto add = [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t i = first - static_cast<std::int64_t>(k_margin);
         i <= last + static_cast<std::int64_t>(k_margin); ++i) {
      if (i >= 0) places.insert(static_cast<std::size_t>(i));
    }
  };
  for (const json::Value& change : label.find("changes")->items()) {
    const auto at = change.find("i")->as_int64().value();
    add(at, at);
  }
  for (const json::Value& range : label.find("ignore")->items()) {
    add(range.items()[0].as_int64().value(), range.items()[1].as_int64().value());
  }
  return places;
}

advice::JudgedRow judged(const NoisySeries& series, std::size_t first, const PullRequests& asked,
                         double factor) {
  std::vector<results::VerdictPoint> points;
  const std::size_t begin = first > k_history_max ? first - k_history_max : 0;
  const std::size_t end = first + static_cast<std::size_t>(asked.own_runs);
  for (std::size_t i = begin; i < end; ++i) {
    results::VerdictPoint point;
    point.result_id = std::to_string(i);
    point.commit_sha = i < first ? "main-" + std::to_string(i) : "head";
    point.commit_timestamp = point.result_timestamp =
        Timestamp{static_cast<std::int64_t>(i) * 1'000'000};
    point.value = series.values[i] * (i < first ? 1 : factor);
    // Of a pull request's machine nobody says that it is another one.
    point.environment = series.machines[std::min(i, first - 1)];
    points.push_back(std::move(point));
  }
  const std::string unit = series.less_is_better ? "s" : "B/s";
  advice::JudgedRow row{.name = series.id,
                        .fingerprint = series.id,
                        .unit = unit,
                        .result_id = series.id,
                        .runs_after = asked.own_runs};
  take_verdict(row, results::encode_verdict(results::judge_points(points, unit).verdict));
  row.began_before = row.since_sha && *row.since_sha != "head";
  return row;
}

}  // namespace

Result<std::vector<NoisySeries>> noisy_series(const std::string& folder, std::size_t own_runs_max) {
  std::map<std::string, json::Value> labels;
  std::ifstream label_lines(folder + "/labels.jsonl"), series_lines(folder + "/series.jsonl");
  if (!label_lines || !series_lines) return Error{Code::not_found, "no series in " + folder};
  for (std::string line; std::getline(label_lines, line);) {
    BL_TRY(json::Value label, json::parse(line));
    std::string id = label.find("id")->as_string();
    labels.emplace(std::move(id), std::move(label));
  }
  std::vector<NoisySeries> all;
  for (std::string line; std::getline(series_lines, line);) {
    BL_TRY(const verdict::SeriesLine read, verdict::read_series_line(line));
    const json::Value& label = labels.at(read.id);
    const std::string family = label.find("family")->as_string();
    // Drifts have no place where nothing happens; those of tcpd are no benchmarks.
    if (!read.online || family == "drift" || family == "tcpd") continue;
    NoisySeries series{.id = read.id,
                       .less_is_better = read.direction == verdict::Direction::less_is_better};
    for (const verdict::Observation& one : read.results) {
      series.values.push_back(one.value);
      series.machines.push_back(one.machine);
    }
    const std::set<std::size_t> near = disturbed(label);
    for (std::size_t i = k_history_min; i + own_runs_max <= series.values.size(); ++i) {
      bool is_quiet = true;
      for (std::size_t k = i; k < i + own_runs_max; ++k) {
        is_quiet = is_quiet && !near.contains(k) && std::isfinite(series.values[k]) &&
                   series.machines[k] == series.machines[i - 1];
      }
      if (is_quiet) series.quiet.push_back(i);
    }
    if (!series.quiet.empty()) all.push_back(std::move(series));
  }
  return all;
}

Told tell(const std::vector<NoisySeries>& series, const PullRequests& asked) {
  std::mt19937_64 random(asked.seed);
  const auto below = [&](std::size_t count) { return static_cast<std::size_t>(random() % count); };
  Told told;
  for (std::int64_t number = 0; number < asked.count; ++number) {
    advice::ChangeReport report{.head = {"head", "", ""}, .base_sha = "base"};
    std::set<std::string> chosen, slow;
    while (chosen.size() < static_cast<std::size_t>(asked.benchmarks)) {
      const NoisySeries& one = series[below(series.size())];
      if (!chosen.insert(one.id).second) continue;
      const bool is_slow = slow.size() < static_cast<std::size_t>(asked.planted);
      if (is_slow) slow.insert(one.id);
      const double factor = !is_slow             ? 1
                            : one.less_is_better ? 1 + asked.slowdown
                                                 : 1 / (1 + asked.slowdown);
      report.rows.push_back(judged(one, one.quiet[below(one.quiet.size())], asked, factor));
    }
    const advice::Question question{"https://github.com/org/repo", "head", {}};
    const advice::Comment comment = advice::compose(
        {.question = question, .report = report, .findings = advice::findings_of(report)});
    bool is_wrong = false, is_unsure = false;
    for (const advice::Finding& finding : comment.findings) {
      const bool is_planted = slow.contains(finding.name);
      told.found += is_planted && finding.kind == advice::Kind::slower;
      told.found_unsure += is_planted && finding.kind == advice::Kind::unsure;
      const bool says_slower = finding.kind == advice::Kind::slower;
      is_wrong = is_wrong || finding.kind == advice::Kind::faster || (says_slower && !is_planted);
      is_unsure = is_unsure || (finding.kind == advice::Kind::unsure && !is_planted);
    }
    ++told.pull_requests;
    told.wrong += is_wrong;
    told.unsure += is_unsure && !is_wrong;
    told.planted += static_cast<std::int64_t>(slow.size());
  }
  return told;
}

}  // namespace bl::app
