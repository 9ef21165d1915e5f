#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "results/alerts.h"
#include "store/database.h"

/// What alert rules of kind verdict look at: the series of a project that were measured lately, and
/// which of them are slower or faster since which commit (docs/verdict.md).
namespace bl::results {

/// A series whose newest verdict is slower or faster.
struct NewsSeries {
  std::string name, commit_sha;  ///< of the benchmark; of the first result of the new level
  bool is_worse = false;
  double percent = 0, confidence = 0;
};

struct VerdictNews {
  std::int64_t series = 0;                   ///< that have a verdict
  std::vector<NewsSeries> series_with_news;  ///< the slower ones first, each kind by its change
};

struct VerdictNewsLimits {
  /// A series whose newest result is so much older than the newest of the project is measured no
  /// more: it is no news, and keeps no rule open.
  std::chrono::hours measured_within{30 * 24};
  std::int64_t series_max = 10'000;  ///< slower and faster ones that are read
};

/// Of one project, of runs with that reason (empty: any). Cost: an index range of the project's
/// runs of a month and one of each run's verdicts. Errors: those of the store.
Result<VerdictNews> verdict_news(store::Database& database, std::string_view repository,
                                 std::string_view run_reason, const VerdictNewsLimits& limits = {});

/// Whether new results of the project have no verdict yet.
Result<bool> verdicts_wait(store::Connection& connection, std::string_view repository);

/// failure: a series that is not muted is slower, with at least the rule's confidence; success:
/// none is; skipped: no series has a verdict. The event is of the commit of the worst one. Pure.
AlertFinding finding_of(const VerdictNews& news, const AlertRule& rule);

}  // namespace bl::results
