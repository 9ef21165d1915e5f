#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/time.h"
#include "lake/lake.h"
#include "store/database.h"

/// The replica: results, their series, runs and dimensions once more, as tables of the lake
/// (docs/formats/replica.md). The store stays the truth; losing the replica costs speed, never
/// data. It copies what the store's change log says, behind a place that is kept with the lake's
/// own snapshot, so that every change is in the lake exactly once, wherever the process is killed.
namespace bl::results {

struct ReplicaLimits {
  std::int64_t changes_max = 20'000;        ///< rows of the change log that go over at once
  std::int64_t export_rows_max = 100'000;   ///< results of one commit of the first export,
  std::size_t export_bytes_max = 96 << 20;  ///< or so many bytes of them; the next ones are read
                                            ///< meanwhile
  std::int64_t page_rows = 10'000;          ///< read from the store at once
  std::int64_t small_rows_max = 100'000;    ///< rows of another table in one commit
  /// Rows of the change log that are in the lake go when they are so old: a lake that is restored
  /// to an earlier time catches up from them, and is repaired where they are gone.
  std::chrono::milliseconds log_kept = std::chrono::hours(7 * 24);
  std::int64_t prune_rows_max = 10'000;  ///< of the log in one transaction,
  int prune_writes_max = 10;             ///< of which a refresh makes so many
  /// Years that ended so many months ago are sealed: by fingerprint, no longer by month.
  int sealed_after_months = 12;
  std::int64_t sealed_rows_per_file = 500'000;
};

/// Says how far a long work is; gives false to end it early.
using ReplicaProgress =
    std::function<bool(std::string_view phase, std::size_t done, std::size_t all)>;

/// What a refresh did.
struct ReplicaRound {
  enum class State : unsigned char {
    current,    ///< all that was safe to read is in the lake
    exporting,  ///< the first export was ended early; the next round goes on
    waiting,    ///< the store still numbers results that others wrote (store_backfill.h), or a
                ///< transaction under way keeps the first export from beginning
  };
  State state = State::current;
  std::int64_t exported = 0;        ///< results of the first export
  std::int64_t changes = 0;         ///< rows of the change log
  std::int64_t rows = 0;            ///< results that were put
  std::int64_t files_replaced = 0;  ///< that were made again
  std::int64_t log_pruned = 0;      ///< rows of the change log that went
  std::int64_t sealed = 0;          ///< years that were sealed, of both tables of results
};
const char* name_of(ReplicaRound::State state);

enum class ReplicaRepair : unsigned char { no, yes };

/// A result that is not the same on both sides, or a row that only one of them has.
struct ReplicaFinding {
  enum class Kind : unsigned char { missing, surplus, doubled, stale, wrong_month };
  Kind kind = Kind::missing;
  std::string table;
  std::int64_t month = 0;  ///< 202408: where the lake has it, or should
  std::int64_t result_no = 0;
  std::string result_id;  ///< empty: not known
};
const char* name_of(ReplicaFinding::Kind kind);

/// Rows that differ, of any table.
struct ReplicaCheck {
  std::int64_t months = 0, rows = 0;  ///< of results that were compared
  std::int64_t months_differ = 0;
  std::int64_t found = 0;                ///< all that is wrong; `findings` has the first
  std::vector<ReplicaFinding> findings;  ///< at most k_findings_max
  std::int64_t small_rows_wrong = 0;     ///< of the other tables
  bool repaired = false;
  static constexpr std::size_t k_findings_max = 1'000;
};

/// That a result is nowhere in the lake.
struct RemovalProof {
  std::int64_t files = 0;          ///< data files that are there, all were read
  std::int64_t files_removed = 0;  ///< with the snapshots that listed them
  std::vector<std::string> held;   ///< files that still have one of the results: in use
  std::vector<std::string> read;   ///< of them, those that readers of today get: none, or a fault
  bool is_gone() const { return held.empty(); }
};

struct ReplicaStatus {
  bool has_run = false;   ///< since the start of this process
  bool is_whole = false;  ///< the first export is done: the lake has all that was before `place`
  std::int64_t place = 0;
  std::int64_t rows_behind = 0;
  double seconds_behind = 0;
  std::optional<Timestamp> succeeded_at;
  std::string error;  ///< of the last round; empty: it succeeded
};

/// Threads: any; one work at a time, the others wait for it.
class Replicator {
 public:
  /// All that is given outlives it.
  Replicator(store::Database& database, lake::Lake& lake, IdSource& ids, const Clock& clock,
             Log& log, Metrics& metrics, const ReplicaLimits& limits = {});
  ~Replicator();
  Replicator(const Replicator&) = delete;
  Replicator& operator=(const Replicator&) = delete;

  /// Brings over what is new, the first time everything. Bounded memory; may be killed anywhere.
  /// Errors: conflict (the lake is another store's replica, or the store was restored to an earlier
  /// time: repair() mends it; another process publishes to the lake), those of store and lake.
  Result<ReplicaRound> refresh(const ReplicaProgress& progress = {});

  /// Compares every result on both sides, month by month, and every row of the other tables; what
  /// the log has not brought over yet does not count. With repair, makes what differs equal, also
  /// after a conflict. Errors: as refresh(); unsupported (a lake that is not on a disk); cancelled.
  Result<ReplicaCheck> check(ReplicaRepair repair, const ReplicaProgress& progress = {});

  /// After results were deleted from the store: brings the deletion over, forgets all snapshots but
  /// the newest, removes their files, and reads every file that is there. Errors: as refresh();
  /// conflict (the store still has one of them: names it).
  Result<RemovalProof> prove_removed(const std::vector<std::string>& result_ids);

  /// From memory.
  ReplicaStatus status() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace bl::results
