#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

/// What the alerts of a repository cost: which were right, which were false, which slowdowns nobody
/// told, and which thresholds would have done better (docs/alert-cost.md). What people annotated,
/// what was reverted and what the same commit measured again are the only witnesses. What no
/// witness speaks of is unknown: it is never counted as right. Pure; values and rules, no I/O.
namespace bl::advice {

/// What a person said of a result (its annotations).
enum class Mark : unsigned char {
  none,
  confirmed,        ///< `confirmed`: the code got slower here
  expected,         ///< `begins_distribution_change`: the level changed here, and that is wanted
  noise,            ///< `noise`
  machine_changed,  ///< `machine_changed`
};

/// One result of a series on the default branch.
struct CostResult {
  std::string id, commit_sha;
  Timestamp commit_timestamp, result_timestamp;
  double value = 0;  ///< finite, in the unit of the series
  std::uint32_t environment = 0;
  Mark mark = Mark::none;
};

/// What was told of a series when `at_result_id` was its newest result.
struct CostSaid {
  std::string at_result_id, since_result_id;
  bool is_worse = false;
  double percent = 0, confidence = 0;
};

struct CostSeries {
  std::string fingerprint, name;
  bool less_is_better = true;
  std::vector<CostResult> results;  ///< by commit time, then result time
  std::vector<CostSaid> said;
};

struct CostCommit {
  std::string sha, message;
  Timestamp timestamp;
};

/// An alert rule opened.
struct CostRuleAlert {
  std::string event_id, rule_id, rule_name, commit_sha;
  Timestamp at;
};

/// What CI reports of the repository are judged by.
struct CostThresholds {
  double percent = 5, z = 5;
};

struct CostFacts {
  std::string repository;
  Timestamp from, to;              ///< alerts and judged values of [from, to] count
  std::vector<CostSeries> series;  ///< with results from before `from`: what came before
  std::vector<CostCommit> commits;
  std::vector<CostRuleAlert> rule_alerts;
  CostThresholds thresholds;
  int distribution_commits = 100;  ///< window of the distribution that a z-score rests on
  bool verdicts_enabled = false;
  bool is_cut = false;  ///< there is more than CostLimits of the reader allow
};

struct CostQuestion {
  std::string repository;
  int days = 90;
  double miss_cost = 5;  ///< a miss costs as much as so many false alarms; > 0
  std::optional<Timestamp> until = std::nullopt;  ///< absent: now
};

struct CostLimits {
  std::size_t near_commits = 2;   ///< measured commits by which what was told may be off
  std::size_t level_results = 8;  ///< on each side of a change that make a level
  std::size_t level_results_min = 3;
  std::size_t shown_max = 500;  ///< alerts, and misses, that are listed; all are counted
  std::size_t series_shown_max = 20;
  // What a proposal needs.
  std::int64_t judged_min = 200, slowdowns_min = 10, answered_min = 20;
};

/// A share of so many with the interval that holds the true one 95 times in 100 (Wilson). None
/// where there is nothing to share.
struct Share {
  std::int64_t count = 0, of = 0;
  std::optional<double> value, low, high;
};
Share share_of(std::int64_t count, std::int64_t of);

enum class Answer : unsigned char { unknown, confirmed, false_alarm };
/// `unknown`, `confirmed`, `false_alarm`.
const char* name_of(Answer answer);

enum class EvidenceKind : unsigned char {
  confirmed_by_person,
  expected_by_person,
  reverted,  ///< a later commit takes the guilty one back
  noise_by_person,
  machine_changed,
  undone_at_same_commit,    ///< measured again, the same code has its former level
  revert_taken_back,        ///< the revert was reverted: it proves nothing
  still_slow_after_revert,  ///< the guilty one is gone, the slow level is not: it proves nothing
  gone_again,               ///< the next results are as before, but of other code: unknown
};
const char* name_of(EvidenceKind kind);
/// What the evidence says by itself.
Answer answer_of(EvidenceKind kind);

/// What an answer rests on, by what it can be looked up with; texts that do not apply are empty.
struct Evidence {
  EvidenceKind kind = EvidenceKind::gone_again;
  std::string commit_sha;  ///< of a revert: the reverting one
  std::string result_id, fingerprint;
};

struct AlertedSeries {
  std::string fingerprint, name, since_result_id;
  double percent = 0, confidence = 0;
};

/// Everything that was told of one commit is one alert, however many series and rules told it:
/// what shares a cause is one case.
struct CostAlert {
  std::string commit_sha, subject;
  Timestamp at;  ///< when the first of them told it
  std::vector<AlertedSeries> series;
  std::int64_t series_count = 0;
  std::vector<CostRuleAlert> rules;  ///< that opened because of it
  Answer answer = Answer::unknown;
  std::vector<Evidence> evidence;
};

/// A slowdown that nothing told.
struct CostMiss {
  std::string commit_sha, subject;
  Timestamp at;  ///< of its commit
  std::vector<AlertedSeries> series;
  std::int64_t series_count = 0;
  std::vector<Evidence> evidence;
};

/// One threshold, as if it had been set all the time.
struct ReplayPoint {
  double threshold = 0;
  std::int64_t alarms = 0;  ///< confirmed + false + unknown
  std::int64_t confirmed = 0, false_alarms = 0, unknown = 0;
  std::int64_t misses = 0;  ///< of the known slowdowns
  double false_per_week = 0, unknown_per_week = 0;
  Share missed;           ///< of the known slowdowns
  Share false_share;      ///< of the alarms that are known
  double cost = 0;        ///< miss_cost x misses + false + unknown: not known is not right
  bool is_front = false;  ///< no other has both less misses and less false or unknown alarms
  bool is_current = false;
};

/// Why nothing is proposed.
enum class Refusal : unsigned char {
  none,
  too_few_results,
  too_few_slowdowns,
  too_few_answers,
  mostly_unknown,
};
const char* name_of(Refusal refusal);

struct Replay {
  std::string threshold_name;  ///< `z` or `percent`
  double current = 0;
  std::vector<ReplayPoint> points;  ///< by threshold
  std::optional<double> proposed;   ///< the cheapest; of equal ones the nearest to the current one
  Refusal refusal = Refusal::none;  ///< `proposed` is absent then
  std::string reason;               ///< of the refusal or the proposal, a sentence
  // What it rests on.
  std::int64_t judged = 0, slowdowns = 0, known_false = 0;
};

struct AlertCost {
  std::string repository;
  Timestamp from, to;
  double weeks = 0;  ///< between the first and the last result of that time, at least a day
  double miss_cost = 0;
  bool verdicts_enabled = false, is_cut = false;
  std::int64_t alerts_told = 0, confirmed = 0, false_alarms = 0, unknown = 0, missed = 0;
  std::int64_t gone = 0;      ///< told of results that are no longer there; in no other number
  Share false_share;          ///< of the alerts with an answer
  Share false_share_at_most;  ///< of all alerts, if each unknown one were false
  Share missed_share;         ///< of the known slowdowns
  double false_per_week = 0, false_per_week_at_most = 0;
  std::vector<CostAlert> alerts;  ///< newest first
  std::vector<CostMiss> misses;   ///< newest first
  Replay z, percent;
};

/// Cost: about 20 us a result (its distribution), and the thresholds times the results.
AlertCost alert_cost(const CostFacts& facts, const CostQuestion& question,
                     const CostLimits& limits = {});

/// Where the facts come from.
class AlertCostFacts {
 public:
  virtual ~AlertCostFacts() = default;
  /// Errors: not_found (the repository has no series), those of the store.
  virtual Result<CostFacts> facts(const CostQuestion& question) = 0;
};

/// JSON, schema `AlertCost`.
std::string encode_alert_cost(const AlertCost& cost);

}  // namespace bl::advice
