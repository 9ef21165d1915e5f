#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "events/open_log.h"

/// What an operator does to a Delta event log, from any process, while others append and read. The
/// other backends need none of it.
namespace bl::events {

/// How far a long call is; false ends it with `cancelled`, leaving the table as it is then.
/// `total` 0: not known.
using AdminProgress =
    std::function<bool(std::string_view what, std::int64_t done, std::int64_t total)>;

struct Optimized {
  std::int64_t files_before = 0, files_after = 0;
  std::int64_t runs = 0;  ///< of files beside each other that became one
  std::uint64_t bytes_before = 0, bytes_after = 0;
};

struct VacuumOptions {
  /// Files that the table has no more go when they are so old and were removed so long ago; 0: what
  /// the table says (delta.deletedFileRetentionDuration), else a week.
  std::chrono::seconds retention{0};
  bool force = false;    ///< under an hour: may take files of who is writing or reading now
  bool dry_run = false;  ///< only says what would go
};
struct Vacuumed {
  std::int64_t files = 0;
  std::uint64_t bytes = 0;
  std::int64_t log_files = 0;      ///< old commits and checkpoints
  std::int64_t kept = 0;           ///< files of no version that are not old enough
  std::vector<std::string> paths;  ///< the first 1000
};

struct Migrated {
  int from = 0, to = 0;  ///< equal: nothing was to be done
  std::int64_t version = 0;
};

/// A table that was looked at from end to end.
struct Fsck {
  struct Finding {
    std::string where;  ///< a file, a version, an event id
    std::string what;   ///< a sentence
  };
  std::int64_t version = 0;
  std::int64_t commits = 0;  ///< in the log's folder
  std::int64_t files = 0, rows = 0, events = 0;
  std::uint64_t bytes = 0, log_bytes = 0, journal_bytes = 0;
  std::int64_t journals = 0;        ///< of processes that are there or gone
  std::int64_t unlisted_files = 0;  ///< for vacuum
  std::int64_t repeated = 0;      ///< rows whose event is there before: passed over by our readers
  std::vector<Finding> findings;  ///< what is wrong; empty: nothing. At most 1000
  std::int64_t findings_all = 0;
};

/// Errors of every call: invalid (not the URI of a Delta table), not_found, forbidden (mode=ro; a
/// table of a newer version), unsupported, cancelled, those of the store and the engine.

/// Merges small files that stand beside each other into large ones, keeping the order.
Result<Optimized> optimize(const LogUri& uri, const LogWorld& world, const AdminProgress& progress);
/// Errors besides: invalid (a retention under an hour without `force`).
Result<Vacuumed> vacuum(const LogUri& uri, const LogWorld& world, const VacuumOptions& options,
                        const AdminProgress& progress);
/// Gives the version of the table that the checkpoint is of.
Result<std::int64_t> checkpoint(const LogUri& uri, const LogWorld& world);
/// Adds what the newest schema version has: one commit, no file is written. Those who know the
/// version before read on. Errors besides: invalid (a version that is not known).
Result<Migrated> migrate(const LogUri& uri, const LogWorld& world, int to);
/// Changes nothing.
Result<Fsck> fsck(const LogUri& uri, const LogWorld& world, const AdminProgress& progress);

}  // namespace bl::events
