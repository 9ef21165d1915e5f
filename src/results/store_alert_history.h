#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "results/model.h"
#include "results/verdicts.h"
#include "store/database.h"

/// What was told of the series of a repository, and what can tell whether it was right: results
/// with annotations, commits with messages, alert rules that opened. For what alerts cost
/// (docs/alert-cost.md).
namespace bl::results {

struct AlertHistorySeries {
  std::string fingerprint, name;
  std::optional<std::string> unit;
  std::vector<VerdictPoint> points;  ///< without messages; from before the time asked for, too
  /// What was told at the time. A lesson that a person gives later takes back what its series
  /// said; here it stays said.
  std::vector<SaidVerdict> said;
};

struct AlertHistoryCommit {
  std::string sha, message;
  Timestamp timestamp;
};

struct OpenedAlert {
  std::string event_id, rule_id, rule_name, commit_sha;
  Timestamp at;
};

struct AlertHistory {
  bool verdicts_enabled = false;
  bool is_cut = false;  ///< there is more than the limits let through
  std::vector<AlertHistorySeries> series;
  std::vector<AlertHistoryCommit> commits;  ///< oldest first; those without a time are left out
  std::vector<OpenedAlert> opened;          ///< oldest first; those of a commit
};

struct AlertHistoryLimits {
  std::size_t series_max = 5'000, commits_max = 50'000, opened_max = 10'000;
  std::size_t points_max = 500'000;  ///< kept, of all series
  std::size_t points_before = 250;   ///< of a series, before the time asked for
  std::size_t commits_before_days = 90;
};

/// Of what happened at or after `since`. Threads: any. Cost: the points of every series, 20 us for
/// each point of a series with lessons, and a pass over the repository's commits since then.
/// Errors: not_found (the repository has no series), those of the store.
Result<AlertHistory> alert_history(store::Database& database, std::string_view repository,
                                   Timestamp since, SummaryMode mode,
                                   const AlertHistoryLimits& limits = {});

}  // namespace bl::results
