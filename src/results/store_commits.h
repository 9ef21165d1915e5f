#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "results/commit_source.h"
#include "results/ports.h"
#include "store/database.h"

/// The commits that are not known well enough, and what is done about them. A commit is incomplete
/// while it has no timestamp (its results enter no history) or no fork point (it has no ancestry)
/// [2.7, 4.4]. Which ones wait follows from the commit rows alone; the table commit_enrichment adds
/// when to try again, why it failed, and who is at it. Several servers may share one store: a row
/// is claimed for a time (a lease), and every change of a commit asks once more whether it is
/// still incomplete, so that work done twice changes nothing twice. Threads: any.
namespace bl::results {

/// One commit to work on, claimed by us until the lease ends.
struct EnrichmentJob {
  /// waiting: ask for the commit. backfill: it is known, the range below it is not.
  enum class State : unsigned char { waiting, backfill, given_up };
  State state = State::waiting;
  StoredCommit commit;
  std::optional<std::int64_t> pull_request;
  std::int64_t attempts = 0;  ///< that failed in this state
  // of a backfill
  CommitRange range;
  std::string range_from;       ///< where the next page begins
  std::int64_t range_left = 0;  ///< commits that may still be added

  bool is_complete() const { return commit.timestamp && commit.fork_point_sha; }
};

/// A commit as `commits list --unknown` shows it.
struct IncompleteCommit {
  StoredCommit commit;
  std::string state;   ///< "new" (nobody looked yet), "waiting", "backfill" or "given up"
  std::string reason;  ///< of the last failure; empty when there was none
  std::int64_t attempts = 0;
  std::optional<Timestamp> next_try_at;
};

struct IncompleteFilter {
  std::optional<std::string> repository;
  std::optional<std::string> before_id;  ///< cursor: only ids smaller than this
  std::size_t count_max = 100;
};

struct EnrichmentCounts {
  std::int64_t incomplete = 0;  ///< commit rows
  std::int64_t waiting = 0, backfill = 0, given_up = 0;
};

class StoreCommits {
 public:
  /// `owner` tells this process from others on the same store. The database is migrated with
  /// commit_migrations() (schema.h).
  StoreCommits(store::Database& database, IdSource& ids, std::string owner)
      : database_(database), ids_(ids), owner_(std::move(owner)) {}

  /// At the start: what waits is tried at once, because whoever restarts a server may have cured
  /// what failed. One process owns a SQLite store, so whoever held a lease there is gone; on
  /// PostgreSQL leases of the dead end by themselves.
  Result<void> take_over(Timestamp now);

  /// Forgets what waited for commits that somebody else completed.
  Result<void> drop_complete();

  struct Discovered {
    std::string last_id;     ///< go on after this
    std::size_t looked = 0;  ///< rows; fewer than asked for: the end
    std::size_t queued = 0;
  };
  /// Looks at incomplete commits with ids after `after`, and queues those that `wanted` says yes
  /// to. Writes only when there is something to queue.
  Result<Discovered> discover(std::string_view after, std::size_t count_max,
                              const std::function<bool(std::string_view repository)>& wanted,
                              Timestamp now);

  /// The newest commit that is due, before any backfill that is due. What became needless without
  /// us is dropped on the way: a commit that is complete, a range whose upper end has a known
  /// parent.
  Result<std::optional<EnrichmentJob>> claim(Timestamp now, std::chrono::milliseconds lease);
  /// This commit, due or given up or not; nullopt when another is at it, or it is complete. Errors:
  /// not_found.
  Result<std::optional<EnrichmentJob>> claim_commit(std::string_view commit_id, Timestamp now,
                                                    std::chrono::milliseconds lease);

  /// Stores what is known now: the commit's row, its results as points of their histories, its fork
  /// point's row. Gives the backfill that follows, of at most `backfill_max` commits, still claimed
  /// by us; nullopt when there is nothing to add or 0 is allowed. One transaction; durable.
  Result<std::optional<EnrichmentJob>> keep(const EnrichmentJob& job, const KnownCommit& known,
                                            std::int64_t backfill_max, Timestamp now);
  struct Backfilled {
    std::size_t added = 0;
    bool done = false;
  };
  /// Adds a page's commits that are not known, and notes where to go on, in one transaction. Done
  /// at the range's end, when its share is used up, or at a commit of the default branch that was
  /// known: what lies below that is not this one's.
  Result<Backfilled> keep_page(EnrichmentJob& job, const CommitPage& page);
  /// Gives the job back until `next_try_at`.
  Result<void> postpone(const EnrichmentJob& job, std::string_view reason, Timestamp next_try_at);
  /// Nobody tries again before claim_commit. A backfill is forgotten: its commit is known.
  Result<void> give_up(const EnrichmentJob& job, std::string_view reason);
  /// Gives the job back as it was; for stopping and for looking only.
  Result<void> release(const EnrichmentJob& job);

  /// What the row of a commit cannot hold: the pull request that a submission names.
  Result<void> note_pull_request(std::string_view sha, std::string_view repository,
                                 std::int64_t pull_request);

  /// Newest id first.
  Result<std::vector<IncompleteCommit>> incomplete(const IncompleteFilter& filter);
  /// Cost: a pass over the commit table.
  Result<EnrichmentCounts> counts();

 private:
  Result<std::vector<EnrichmentJob>> due(Timestamp now);
  Result<bool> lease(store::Connection& connection, std::string_view commit_id, Timestamp now,
                     Timestamp until);

  store::Database& database_;
  IdSource& ids_;
  const std::string owner_;
};

}  // namespace bl::results
