#pragma once

#include <fmt/format.h>

#include <string>
#include <vector>

#include "advice/alert_cost.h"

/// A repository with one commit an hour, and series that are measured at each of them.
namespace bl::advice {

inline constexpr Timestamp k_begin{1'767'225'600'000'000};  // 2026-01-01T00:00:00Z

inline Timestamp hour(std::size_t i) {
  return k_begin + std::chrono::hours(static_cast<std::int64_t>(i));
}

class CostWorld {
 public:
  explicit CostWorld(std::size_t commits) {
    facts.repository = "https://github.com/org/repo";
    facts.from = k_begin;
    facts.to = k_begin + std::chrono::days(28);
    facts.verdicts_enabled = true;
    for (std::size_t i = 0; i < commits; ++i)
      facts.commits.push_back({sha(i), "Change " + std::to_string(i), hour(i)});
  }

  static std::string sha(std::size_t i) { return fmt::format("{:040x}", 0xabc0000 + i); }
  static std::string result_id(std::size_t series, std::size_t i) {
    return fmt::format("s{}-r{}", series, i);
  }

  /// One result at each commit.
  std::size_t add_series(const std::vector<double>& values) {
    const std::size_t s = facts.series.size();
    CostSeries& series = facts.series.emplace_back();
    series.fingerprint = fmt::format("fingerprint-{}", s);
    series.name = fmt::format("benchmark-{}", s);
    for (std::size_t i = 0; i < values.size(); ++i) {
      series.results.push_back({result_id(s, i), sha(i), hour(i), hour(i), values[i], 0, {}});
    }
    return s;
  }
  /// The same commit measured once more, half an hour later.
  void measure_again(std::size_t series, std::size_t commit, double value) {
    auto& results = facts.series[series].results;
    const auto next = std::ranges::find_if(
        results, [&](const CostResult& one) { return one.commit_timestamp > hour(commit); });
    results.insert(next, {fmt::format("s{}-r{}-again", series, commit),
                          sha(commit),
                          hour(commit),
                          hour(commit) + std::chrono::minutes(30),
                          value,
                          0,
                          {}});
  }
  void tell(std::size_t series, std::size_t since, std::size_t at, double percent = 10) {
    facts.series[series].said.push_back(
        {result_id(series, at), result_id(series, since), true, percent, 0.97});
  }
  void mark(std::size_t series, std::size_t commit, Mark mark) {
    for (CostResult& result : facts.series[series].results) {
      if (result.id == result_id(series, commit)) result.mark = mark;
    }
  }
  void revert(std::size_t guilty, std::size_t with) {
    facts.commits[with].message = fmt::format("Revert \"Change {}\"", guilty);
  }
  AlertCost cost(double miss_cost = 5) const {
    return alert_cost(facts, {facts.repository, 28, miss_cost});
  }

  CostFacts facts;
};

/// `count` values: 100 with a little of noise, 110 from `slow` to before `fast`.
inline std::vector<double> step(std::size_t count, std::size_t slow, std::size_t fast) {
  std::vector<double> values;
  for (std::size_t i = 0; i < count; ++i) {
    const double noise = (static_cast<double>(i % 5) - 2) * 0.1;
    values.push_back((i >= slow && i < fast ? 110 : 100) + noise);
  }
  return values;
}

}  // namespace bl::advice
