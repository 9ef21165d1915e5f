#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/metrics.h"
#include "base/time.h"
#include "results/commit_source.h"
#include "results/ports.h"
#include "results/store_commits.h"

/// Makes incomplete commits known after their results were stored: asks a source, repairs the row,
/// lets the results enter their histories, and fills the default branch up below it. A slow or
/// broken source delays that and nothing else.
namespace bl::results {

struct EnrichmentLimits {
  /// A claim holds for so long; a source's budget is shorter.
  std::chrono::milliseconds lease{120'000};
  std::chrono::milliseconds first_pause{30'000};   ///< after a failure; doubles with every one
  std::chrono::milliseconds pause_max{3'600'000};  ///< of that
  std::chrono::milliseconds quota_pause{300'000};  ///< when the source's quota is used up
  std::int64_t attempts_max = 12;    ///< of a commit that the source does not know: about 7 hours
  std::int64_t backfill_max = 1000;  ///< commits below one; 0: no backfill
  std::size_t page_commits_max = 100;
  std::size_t discover_rows_max = 500;  ///< in one look
  /// Ids sort by time, but are committed a little later, by servers whose clocks differ.
  std::chrono::milliseconds discover_overlap{600'000};
  std::chrono::milliseconds discover_all_every{3'600'000};
  std::chrono::milliseconds count_every{60'000};
};

/// What one call of `commits repair` asks for.
struct RepairRequest {
  std::optional<std::string> repository;
  std::optional<std::string> before_id;  ///< cursor
  std::size_t count_max = 20;
  bool dry_run = false;   ///< ask, change nothing
  bool backfill = false;  ///< here and now; else in the background
  std::chrono::steady_clock::time_point deadline;
};

struct RepairedCommit {
  /// would_repair: of a dry run. busy: somebody is at it right now.
  enum class Outcome : unsigned char { repaired, would_repair, unknown, busy };
  StoredCommit commit;
  Outcome outcome = Outcome::unknown;
  std::string reason;  ///< why it is unknown; empty otherwise
  std::size_t backfilled = 0;
};
const char* name_of(RepairedCommit::Outcome outcome);

struct RepairReport {
  std::vector<RepairedCommit> commits;     ///< newest first
  std::optional<std::string> next_before;  ///< cursor of the next call; absent: that was all
};

/// What the background did.
struct EnrichmentProgress {
  std::int64_t repaired = 0, backfilled = 0, failed = 0;
  std::string error;  ///< of the last failure

  bool any() const { return repaired > 0 || backfilled > 0 || failed > 0; }
  void add(const EnrichmentProgress& other);
};

/// work() and take_progress() belong to one background thread; repair() to any.
class CommitEnricher {
 public:
  CommitEnricher(StoreCommits& commits, CommitSource& source, const Clock& clock, Log& log,
                 Metrics& metrics, EnrichmentLimits limits = {});

  /// One step: looks for new incomplete commits, then works on one. True when there may be more to
  /// do at once.
  bool work();
  /// What work() did since the last call.
  EnrichmentProgress take_progress() { return std::exchange(progress_, {}); }
  /// Errors: those of the store. What a source fails at is an outcome.
  Result<RepairReport> repair(const RepairRequest& request);
  const CommitSource& source() const { return source_; }

 private:
  Result<bool> discover();
  void count();
  Result<void> enrich(const EnrichmentJob& job);
  Result<void> backfill(EnrichmentJob job);
  Result<void> fail(const EnrichmentJob& job, const Error& error);
  Result<void> fail_in_background(const EnrichmentJob& job, const Error& error);
  Result<RepairedCommit> repair_one(const StoredCommit& commit, const RepairRequest& request);
  Result<std::size_t> backfill_now(EnrichmentJob job, const RepairRequest& request);
  Timestamp retry_at(const EnrichmentJob& job, const Error& error) const;

  StoreCommits& commits_;
  CommitSource& source_;
  const Clock& clock_;
  Log& log_;
  const EnrichmentLimits limits_;
  std::atomic<bool> stopping_ = false;  ///< the source said so
  // Of the background thread.
  bool took_over_ = false;
  std::string discovered_through_;
  RecurringError errors_;
  EnrichmentProgress progress_;
  std::optional<std::chrono::steady_clock::time_point> discovered_all_at_, counted_at_;

  Gauge incomplete_, waiting_, backfilling_, given_up_;
  Counter repaired_, backfilled_, failures_, limits_reached_;
};

/// A ResultWriter before another: it asks an instant source (canned) at once, and keeps the number
/// of a pull request, which the commit's row has no place for. Never fails a submission that the
/// other would take.
class CommitNotingWriter final : public ResultWriter {
 public:
  CommitNotingWriter(ResultWriter& writer, StoreCommits& commits, CommitSource& source, Log& log)
      : writer_(writer), commits_(commits), source_(source), log_(log) {}
  Result<Submitted> submit(const Submission& submission) override;
  std::vector<Result<Submitted>> submit_many(std::span<const Submission> submissions) override;

 private:
  static constexpr std::size_t k_noted_max = 4096;

  bool may_ask(const Commit& commit) const;
  void note(const Commit& commit);
  Submission completed(const Submission& submission) const;

  ResultWriter& writer_;
  StoreCommits& commits_;
  CommitSource& source_;
  Log& log_;
  std::mutex mutex_;
  /// Repository and hash of what was noted, so that a run's results note it once; guarded by
  /// mutex_.
  std::set<std::pair<std::string, std::string>> noted_;
};

}  // namespace bl::results
