#pragma once

#include <atomic>
#include <chrono>
#include <optional>
#include <string>

#include "app/lake_replica.h"
#include "base/log.h"
#include "results/commit_enricher.h"
#include "results/store_backfill.h"
#include "store/jobs.h"

/// Work of background tasks, made visible in store::Jobs: who is at it, how far, how it ended. A
/// stretch of work is one run of a job; what is done in no time leaves no trace but its end. Each
/// object belongs to the thread of its task. Failing to report stops nothing.
namespace bl::app {

class JobReport {
 public:
  JobReport(store::Jobs& jobs, const Clock& clock, std::string name)
      : jobs_(jobs), clock_(clock), name_(std::move(name)) {}
  /// True when it is time to say again how far the work is.
  bool is_due() const;
  void went_on(const std::string& sentence);
  /// Something was said, and not that it ended.
  bool is_open() const { return reported_at_.has_value(); }
  void ended(store::Jobs::Outcome outcome, const std::string& sentence);

 private:
  store::Jobs& jobs_;
  const Clock& clock_;
  const std::string name_;
  std::optional<std::chrono::steady_clock::time_point> reported_at_;
};

/// `commits.enrich`: commits made known, and the default branch filled up below them.
class CommitJob {
 public:
  CommitJob(store::Jobs& jobs, const Clock& clock, results::CommitEnricher& enricher)
      : enricher_(enricher), report_(jobs, clock, "commits.enrich") {}
  /// True when there is more to do at once.
  bool work();

 private:
  results::CommitEnricher& enricher_;
  JobReport report_;
  results::EnrichmentProgress done_;  // of this stretch
};

/// `results.backfill`: results that others wrote enter the lists.
class BackfillJob {
 public:
  BackfillJob(store::Jobs& jobs, const Clock& clock, Log& log, store::Database& database,
              results::Backfill& backfill)
      : database_(database),
        backfill_(backfill),
        errors_(log, "backfill"),
        report_(jobs, clock, "results.backfill") {}
  bool work();

 private:
  std::string sentence() const;

  store::Database& database_;
  results::Backfill& backfill_;
  RecurringError errors_;
  JobReport report_;
  std::int64_t steps_ = 0;  // of this stretch
};

/// `lake.refresh`: results and sweeps go over to the lake.
class ReplicaJob {
 public:
  ReplicaJob(store::Jobs& jobs, const Clock& clock, Log& log, LakeReplicas replicas)
      : replicas_(replicas), errors_(log, "replica"), report_(jobs, clock, "lake.refresh") {}
  bool work();
  /// A round that is under way ends early; the next one goes on. Any thread.
  void stop() { stops_ = true; }

 private:
  /// A sentence of what a long round did; empty of a short one.
  Result<std::string> refresh();

  const LakeReplicas replicas_;
  RecurringError errors_;
  JobReport report_;
  std::atomic<bool> stops_ = false;
};

}  // namespace bl::app
