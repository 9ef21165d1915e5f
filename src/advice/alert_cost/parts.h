#pragma once

#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "advice/alert_cost.h"

/// What alert_cost() is made of. Private to this folder, but for tests.
namespace bl::advice {

/// `commit` takes `guilty` back.
struct Revert {
  const CostCommit* commit = nullptr;
  const CostCommit* guilty = nullptr;
  bool is_taken_back = false;  ///< another commit reverts this one
};

/// From messages: `This reverts commit SHA` (at least 7 digits), else `Revert "SUBJECT"`: the
/// newest earlier commit of that subject, a number ` (#12)` at the end of either apart. What names
/// no commit that is known is left out. O(n log n).
std::vector<Revert> reverts_of(std::span<const CostCommit> commits);

/// A series by its measured commits: what is counted in commits is counted here.
class MeasuredSeries {
 public:
  explicit MeasuredSeries(const CostSeries& series);

  struct Commit {
    std::string_view sha;
    Timestamp timestamp;
    std::size_t begin = 0, end = 0;  ///< its results
  };
  const CostSeries& series() const { return *series_; }
  const std::vector<Commit>& commits() const { return commits_; }
  /// The first measured commit at or after `time`; commits().size(): none.
  std::size_t at_or_after(Timestamp time) const;
  /// Where that commit stands, if it is measured, else the first one after it.
  std::size_t place_of(std::string_view sha, Timestamp time) const;
  /// nullptr: no such result.
  const CostResult* result(std::string_view id) const;

  /// Values of the results of `like`'s environment on the `count` measured commits before `place`
  /// and from it on.
  std::vector<double> before(std::size_t place, std::size_t results,
                             std::uint32_t environment) const;
  std::vector<double> from(std::size_t place, std::size_t end, std::size_t results,
                           std::uint32_t environment) const;

 private:
  const CostSeries* series_;
  std::vector<Commit> commits_;
  std::map<std::string_view, std::size_t> result_places_;
  std::map<std::string_view, std::size_t> commit_places_;
};

/// Whether a slowdown began at `guilty` and went with `revert` (places of measured commits): the
/// results between are worse than each of at least three on either side, and their median by more
/// than five robust sigmas of both sides and 1 %.
bool came_and_went(const MeasuredSeries& series, std::size_t guilty, std::size_t revert,
                   const CostLimits& limits);

/// A witness that the replay measures thresholds by.
struct Witness {
  std::string commit_sha;
  Timestamp timestamp;
  std::set<std::size_t> series;  ///< places among the series; empty: any
  bool is_slowdown = false;      ///< else a false alarm
};

/// One judged result: negative is worse.
struct JudgedValue {
  std::size_t commit = 0;  ///< place among the series' measured commits
  std::optional<double> z, percent;
};

/// As a CI report against the measured commit before would have judged each result of [from, to]
/// when it came. Results that come late are judged by what stands before them now.
std::vector<JudgedValue> judged_values(const MeasuredSeries& series, Timestamp from, Timestamp to,
                                       int distribution_commits);

struct ReplayWorld {
  std::vector<const MeasuredSeries*> series;
  std::vector<std::vector<JudgedValue>> judged;  ///< by series
  std::vector<Witness> witnesses;
  double weeks = 1, miss_cost = 5;
};

/// An alarm is one commit: where the values of one or more series begin to lie beyond the
/// threshold; a series that stays beyond it at its next commits goes on, and is no new alarm. It
/// is confirmed when a witness of one of its series says that a slowdown began at that commit or at
/// most near_commits measured ones before, else false by the same rule, else unknown. A known
/// slowdown without such an alarm is a miss.
Replay replay(const ReplayWorld& world, std::string_view threshold_name, double current,
              const CostLimits& limits);
/// The thresholds that are tried, the current one among them.
std::vector<double> thresholds_to_try(std::string_view threshold_name, double current);

}  // namespace bl::advice
