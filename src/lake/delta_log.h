#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/disk.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/random.h"
#include "base/time.h"
#include "duck/database.h"
#include "lake/delta_model.h"
#include "objects/object_store.h"
#include "objects/world.h"

/// A Delta table's log over an object store: read at any version, written by many at once. Data
/// files are the caller's: they are there, durable, before a commit names them, and go when no
/// version that is kept names them.
namespace bl::lake {

/// Reaching one is counted in `bl_lake_delta_limit_hits_total`.
struct DeltaLimits {
  std::uint64_t commit_bytes_max = 64u << 20;         ///< of one commit's JSON
  std::uint64_t checkpoint_bytes_max = 4ull << 30;    ///< of one checkpoint, all parts
  std::size_t checkpoint_parts_max = 10'000;          ///< and sidecars
  std::size_t files_max = 4'000'000;                  ///< of one version, removed ones included
  std::size_t tail_commits_max = 100'000;             ///< read behind a checkpoint
  std::size_t log_objects_max = 1'000'000;            ///< names in the log's folder
  std::size_t text_bytes_max = 16u << 20;             ///< one text of a commit, such as a schema
  std::size_t fetches_max = 8;                        ///< commits read at a time, one thread each
  std::size_t queue_max = 4'096;                      ///< commits that wait in this process
  std::size_t group_commits_max = 256;                ///< appends that share one version
  std::size_t group_files_max = 10'000;               ///< of them
  std::chrono::milliseconds commit_time_max{30'000};  ///< no attempt begins later
  std::chrono::milliseconds first_wait{2};            ///< after a conflict; doubles, half is chance
  std::chrono::milliseconds wait_max{1'000};
  std::size_t cleanup_objects_max = 10'000;  ///< removed from the log at a time
  /// A log that was looked at longer ago is listed, as a cleaner may have gone over it.
  std::chrono::minutes trusted_for{10};
};

/// What of the world a log needs; all of it outlives the log.
struct DeltaWorld {
  objects::ObjectStore& store;
  Disk& disk;              ///< of `scratch`
  std::string scratch;     ///< a local folder for checkpoints on their way
  duck::Database& engine;  ///< reads and writes checkpoints
  const Clock& clock;
  Random& random;
  Metrics& metrics;
  Log& log;
  objects::Wait wait;  ///< pauses between attempts
};

/// How a table begins.
struct DeltaTable {
  columns::Schema schema;
  std::vector<std::string> partition_columns;
  std::string name;
  /// `delta.*` properties and our own; `delta.checkpointInterval` is k_checkpoint_interval unless
  /// it is here.
  std::map<std::string, std::string> configuration;
};
inline constexpr std::int64_t k_checkpoint_interval = 100;  ///< commits

/// What a commit says of itself, beside its files.
struct DeltaNote {
  std::string operation = "WRITE";
  std::map<std::string, std::string> parameters;  ///< JSON texts; for people
  std::map<std::string, std::string> metrics;
  std::string user;  ///< userMetadata
};

/// Whole files, added. Appends never conflict with each other, nor with replacements.
struct DeltaAppend {
  std::vector<DeltaFile> files;
  /// The table that the files were made for; null: whatever it is. If its schema was changed since,
  /// but by columns that may be null, the append is a conflict.
  std::shared_ptr<const DeltaMetadata> written_for;
  std::optional<DeltaTransaction> transaction;
  /// What the application's version is (0: none), for those who may be taken over by another
  /// process: if it is between that and `transaction`, the append is a conflict.
  std::optional<std::int64_t> transaction_before;
  DeltaNote note;
};

/// Whole files, some removed and some added, in one version.
struct DeltaReplace {
  std::vector<std::string> remove;  ///< paths
  std::vector<DeltaFile> add;
  /// False: the same rows, otherwise arranged (compaction).
  bool data_change = false;
  std::optional<DeltaTransaction> transaction;
  /// The version that the plan was made from: another schema or protocol since is a conflict.
  DeltaVersion read_version = 0;
  DeltaNote note{"OPTIMIZE", {}, {}, {}};
};

struct DeltaCommitted {
  DeltaVersion version = 0;
  /// The transaction was in the table already: nothing was changed. `version` is the newest.
  bool repeated = false;
};

/// One table. Several processes, and programs of others, may write it at the same time; of this
/// process one object. Appends of several threads that wait at the same time share a version.
///
/// The errors of any call besides those named: forbidden, unavailable, timeout, overloaded, io,
/// disk_full, cancelled (as ObjectStore); corrupt (the log is damaged: a missing version, broken
/// JSON, an action that contradicts another; names the file), unsupported (a feature that is not
/// ours, by its name), too_large (over a limit of DeltaLimits). After an error nothing was
/// committed, unless it is outcome_unknown.
///
/// Threads: any; calls block.
class DeltaLog {
 public:
  /// Makes a table, protocol (1, 2). `prefix`: the table's folder in the store, empty or ending in
  /// `/`. A table that is there and has the same schema, partition columns and properties is
  /// opened. Errors: conflict (another table is there), invalid (the schema, a partition column),
  /// outcome_unknown.
  static Result<std::unique_ptr<DeltaLog>> create(DeltaWorld world, const std::string& prefix,
                                                  const DeltaTable& table,
                                                  const DeltaLimits& limits = {});
  /// Reads the newest version. Errors: not_found (no table). Cost: the checkpoint, one request for
  /// each commit behind it, one or two lists.
  static Result<std::unique_ptr<DeltaLog>> open(DeltaWorld world, const std::string& prefix,
                                                const DeltaLimits& limits = {});
  ~DeltaLog();
  DeltaLog(const DeltaLog&) = delete;
  DeltaLog& operator=(const DeltaLog&) = delete;

  /// The newest version that this object has seen. From memory; the first call after a change
  /// copies the list of files.
  std::shared_ptr<const DeltaSnapshot> snapshot() const;
  /// The same after a look at the log. Cost: one request, one more for each new version.
  Result<std::shared_ptr<const DeltaSnapshot>> update();
  /// Another version, read anew. Errors: not_found (not there yet, or no longer).
  Result<std::shared_ptr<const DeltaSnapshot>> at_version(DeltaVersion version);
  /// The newest version that was committed at `time` or before: by the log's own times where the
  /// table has them (delta.enableInCommitTimestamps), else by the files' in the store. Errors:
  /// not_found.
  Result<std::shared_ptr<const DeltaSnapshot>> at_time(Timestamp time);

  /// Adds files. A transaction whose application has that version, or a later one, in the table
  /// changes nothing (`repeated`). Errors: invalid (a path, a partition; the same file twice),
  /// conflict (the file is in the table), overloaded (queue_max), timeout (commit_time_max of
  /// conflicts), outcome_unknown: the files may be in the table now or later; the same append with
  /// its transaction, or the files' names, find out.
  Result<DeltaCommitted> append(DeltaAppend append);
  /// Errors: as append; conflict (a file to be removed is not there any more, or schema, properties
  /// or protocol changed since read_version: plan again), invalid (data would change in a table
  /// with delta.appendOnly, or nothing is to be done).
  Result<DeltaCommitted> replace(DeltaReplace replace);
  /// Gives the table the columns and fields that `wanted` has beyond the table's, at the end and
  /// nullable, and sets properties. Files that lack them read as null. Nothing to change: the
  /// version that is there. Errors: invalid (a change of another kind), outcome_unknown.
  Result<DeltaCommitted> evolve(const columns::Schema& wanted,
                                const std::map<std::string, std::string>& properties = {});

  /// Writes the newest version's whole state to one file and points to it, so that readers need
  /// nothing older. Happens by itself every delta.checkpointInterval commits; then a failure is
  /// counted and logged only.
  Result<DeltaVersion> checkpoint();
  /// Removes from the log what no version within delta.logRetentionDuration needs (30 days unless
  /// the table says otherwise, never under an hour). Gives how many objects went. By itself after
  /// checkpoints, unless delta.enableExpiredLogCleanup is false.
  Result<std::uint64_t> clean_log();
  /// Removed files that the newest version still remembers: those older than
  /// delta.deletedFileRetentionDuration (a week) may go. Copies.
  std::vector<DeltaTombstone> tombstones() const;

 private:
  class Impl;
  explicit DeltaLog(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace bl::lake
