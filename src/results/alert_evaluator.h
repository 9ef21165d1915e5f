#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/metrics.h"
#include "base/time.h"
#include "results/ci_ports.h"
#include "results/store_alerts.h"
#include "store/jobs.h"

/// Judges what alert rules watch: a run some time after its last result came in, and every rule now
/// and then, because what is known of commits changes, too. Of several servers over one store, the
/// one that holds the job `alerts.evaluate` does it.
namespace bl::results {

struct AlertEvaluationLimits {
  std::chrono::milliseconds quiet{30'000};          ///< without a new result: the run is judged
  std::chrono::milliseconds quiet_max{600'000};     ///< a run that is never quiet is judged then
  std::chrono::milliseconds every{600'000};         ///< a rule is judged again
  std::chrono::milliseconds failure_pause{60'000};  ///< of a rule whose report failed
  std::chrono::milliseconds look_every{30'000};     ///< for changes that no server of ours made
  std::chrono::milliseconds lease{300'000};
};

/// What one round did.
struct AlertEvaluation {
  bool is_busy = false;  ///< another server is at it: nothing was done
  std::int64_t rules = 0, evaluated = 0;
  std::int64_t without_run = 0;           ///< there is no run that the rule watches
  std::vector<std::string> failed_rules;  ///< ids: their reports failed
  std::string error;                      ///< of the last one
  std::vector<AlertEvent> events;
};

/// work() belongs to one background thread; evaluate_all() to any.
class AlertEvaluator {
 public:
  static constexpr std::string_view k_job = "alerts.evaluate";

  AlertEvaluator(StoreAlerts& alerts, CiReporter& reporter, store::Jobs& jobs,
                 std::vector<AlertTarget> targets, const Clock& clock, Log& log, Metrics& metrics,
                 AlertEvaluationLimits limits = {});

  /// One look. Cost without anything new: one statement.
  void work();
  /// Every enabled rule that has a run, quiet or not. Errors: those of the store.
  Result<AlertEvaluation> evaluate_all();

 private:
  struct Due {
    WatchedRule watched;
    LatestRun run;
  };
  /// A run whose newest results were not judged yet.
  struct Waiting {
    std::string mark;
    std::chrono::steady_clock::time_point since, first_since;
    std::optional<std::chrono::steady_clock::time_point> not_before;  ///< after a failure
  };

  Result<void> look();
  Result<std::vector<Due>> with_runs(std::vector<WatchedRule> watched, AlertEvaluation& outcome);
  bool is_due(const Due& due, std::map<std::string, Waiting>& waiting) const;
  Result<AlertEvaluation> run(const std::vector<Due>& due, AlertEvaluation outcome);
  Result<AlertFinding> look_at(const AlertRule& rule, const LatestRun& run);
  Result<void> evaluate(const Due& due, AlertEvaluation& outcome);
  void note(const AlertEvent& event);
  Counter outcome_counter(const char* outcome);

  StoreAlerts& alerts_;
  CiReporter& reporter_;
  store::Jobs& jobs_;
  const std::vector<AlertTarget> targets_;
  const Clock& clock_;
  Log& log_;
  Metrics& metrics_;
  const AlertEvaluationLimits limits_;
  // Of the background thread.
  RecurringError errors_;
  std::int64_t seen_change_ = -1;
  std::optional<std::chrono::steady_clock::time_point> looked_at_;
  std::map<std::string, Waiting> waiting_;  // by rule
  Gauge rules_, open_rules_;
};

}  // namespace bl::results
