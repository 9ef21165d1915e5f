#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/disk.h"
#include "base/ids.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/time.h"
#include "columns/batch.h"
#include "duck/database.h"
#include "lake/catalog.h"
#include "lake/journal.h"
#include "lake/key_keeper.h"
#include "lake/layout.h"
#include "lake/snapshot.h"
#include "objects/object_store.h"

/// A lake table: open files, a snapshot of them, and a durable tail (DESIGN 4).
namespace bl::lake {

struct TableLimits {
  std::uint64_t tail_bytes_max = 1ull << 30;       ///< more is `overloaded` until a flush
  std::int64_t flush_rows_max = 2'000'000;         ///< of one flush; the rest goes with the next
  std::int64_t flush_rows = 500'000;               ///< a flush is due from here on,
  std::uint64_t flush_bytes = 128 << 20;           ///< or here,
  std::chrono::milliseconds flush_ms_max{10'000};  ///< or when the oldest row is so old
  /// Files of a group with fewer than half of so many rows are put together, when they are as many
  /// as compact_files_min.
  std::int64_t compact_rows = 4'000'000;
  std::size_t compact_files_min = 8;
  std::size_t compact_files_max = 256;  ///< of one commit
};

/// What a table works with. All of it outlives the table.
struct TableParts {
  Catalog& catalog;
  objects::ObjectStore& store;
  duck::Database& engine;
  Disk& disk;           ///< of the scratch folder; the one that the store was opened with
  std::string scratch;  ///< a folder of this process alone, that is there
  IdSource& ids;
  const Clock& clock;
  Log& log;
  Metrics& metrics;
  KeyKeeper* keeper = nullptr;  ///< null: nobody wants keys
};

/// Are the rows of a snapshot other ones than those of the one before, or only lie otherwise?
enum class RowsChange : unsigned char { no, yes };

/// Follows the catalog's snapshots of a table in another log (Delta), for readers of other kinds.
/// One thread.
class Mirror {
 public:
  virtual ~Mirror() = default;
  /// Makes the other log list the files of that snapshot. Again and again is fine; it goes on where
  /// it failed. Errors: conflict (it has a later one), and those of the store.
  virtual Result<void> follow(const CatalogSnapshot& snapshot, RowsChange change) = 0;
  /// Keys that the other log lists now, or listed until after that instant. Errors: those of the
  /// store.
  virtual Result<std::set<std::string>> listed(Timestamp removed_after) = 0;
};

struct Flushed {
  std::int64_t rows = 0;
  std::int64_t files = 0;
  std::uint64_t bytes = 0;
};

struct Compacted {
  std::int64_t commits = 0;
  std::int64_t files_before = 0, files_after = 0;
  std::int64_t rows = 0;
};

/// Whole files go and others come.
struct ChangePart {
  std::vector<std::string> removed;  ///< keys of files of the newest snapshot
  std::vector<columns::Batch> rows;  ///< of the table's schema
  /// The rows of the new files: an SQL table expression over `removed_rows` (those of the removed
  /// files) and `new_rows`. Our own SQL only. Empty: no new files.
  std::string select = "new_rows";
  std::optional<std::string> group;  ///< that all new rows belong to, where it is known
  /// Else the SQL expression of their groups, our own; empty: the layout's.
  std::string group_by;
  /// Of removed files, by key: rows that are not among `removed_rows`, by their place in the file
  /// (the first is 0), ascending. A file that loses all of them is not read.
  std::map<std::string, std::vector<std::int64_t>> without;
};

/// All of it in one snapshot.
struct Change : ChangePart {
  std::string what = "replace";
  std::string note;  ///< kept with the snapshot; empty: that of before stays
  /// An id of the caller's (base/ids.h): a change that was published under it is not made again,
  /// in whatever process, and replace() gives the newest snapshot's id. A table remembers it for
  /// ever: for changes of many rows. Empty: made each time.
  std::string once;
  /// Of other groups: each part's rows are written by themselves.
  std::vector<ChangePart> more;
};

/// What the owner of a table makes of rows that are put together: gets the files that `part`
/// removes, whose rows it takes as they are, and may give it other `rows` and another `select`.
/// After an error they are put together as they are.
using Compaction = std::function<Result<void>(const Snapshot& snapshot, ChangePart& part)>;

struct Finding {
  std::string key;   ///< of the file
  std::string what;  ///< for people
};

struct TableStatus {
  std::string name;
  std::int64_t snapshot = 0;
  Timestamp snapshot_at;
  /// Since this snapshot no file of the table was removed; of an earlier process's time it is not
  /// known, and taken to be the first one of this.
  std::int64_t removed_at = 0;
  std::int64_t files = 0, rows = 0;
  std::uint64_t bytes = 0;
  std::int64_t tail_rows = 0;
  std::uint64_t tail_bytes = 0;
  RecordNo journal_first = 0, journal_next = 0, flushed_before = 0;
  double lag_seconds = 0;  ///< age of the oldest row that is in no file
  std::string fenced;      ///< why it publishes no more; empty: it does
};

/// A table that this process owns: it alone appends to the journal and publishes. Threads: any;
/// append() and snapshot() wait for no maintenance, but for that of the schema.
class Table {
 public:
  /// Takes the table over: whoever published before is refused from now on. `journal`: the one of
  /// the table, in which rows may lie that are in no file yet. `mirror` may be null. Cost: reads
  /// the records that are in no file. Errors: those of Catalog and Journal; corrupt (records
  /// between files and journal are gone, with their numbers).
  static Result<std::unique_ptr<Table>> open(const TableParts& parts, const std::string& name,
                                             std::unique_ptr<Journal> journal,
                                             std::unique_ptr<Mirror> mirror,
                                             const TableLimits& limits = {});
  ~Table();
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;

  const std::string& name() const;
  columns::Schema schema() const;

  /// Returns when the rows are durable; every snapshot() that begins later has them. All of them or
  /// none. The batch's memory is kept until they are in files. With a `key`, the same rows again
  /// are answered with the first ones' record (Journal::append). Errors: invalid (another schema,
  /// null where none may be, no rows), overloaded (the tail is full), conflict, too_large, io,
  /// disk_full, outcome_unknown: as Journal::append.
  Result<Ack> append(const columns::Batch& batch, std::string_view key = {});

  /// The keys that the keeper wants of records which are in no file yet, in the order of the
  /// records. Asked for before the keeper's own knowledge, none is missed between the two.
  std::vector<std::string> unflushed_keys() const;

  /// Microseconds; waits for nothing.
  Snapshot snapshot() const;
  /// The ids of the snapshots that somebody holds.
  std::set<std::int64_t> held() const;

  using ReadJournal = std::function<Result<void>(
      RecordNo first, const std::function<bool(const JournalRecord&)>& each)>;
  /// Rows of a journal that an earlier process left, and that will never grow again, go to files,
  /// each once, however often this is called. Gives the number behind its last record in files.
  /// Errors: as flush(), and those of `read`.
  Result<RecordNo> adopt(const std::string& journal, const ReadJournal& read);

  /// Is it time, by size or age?
  bool flush_is_due() const;
  /// The tail as files, published, and its part of the journal trimmed. Errors: those of engine,
  /// store and catalog (nothing is lost, the next call goes on); conflict (another process took the
  /// table over: nothing is published from here any more).
  Result<Flushed> flush();
  /// Errors: also not_found (a removed file is not there now), invalid (rows of another schema; of
  /// `without` a file that is not removed or a row that it has not). Gives the new snapshot's id.
  Result<std::int64_t> replace(const Change& change);
  /// To be held by who reads a snapshot and replaces by what it saw: one at a time, so that only
  /// maintenance can move the files in between. Nothing of this class waits for it.
  std::timed_mutex& turn();
  /// Puts small files of a group together until none is left to put.
  Result<Compacted> compact();
  /// What every compact() from now on does with rows; empty: they stay as they are. Waits for the
  /// one that is under way. It must not call this table.
  void compact_with(Compaction compaction);
  /// Makes the newest snapshot list the files that an earlier one listed, with its note where it
  /// had one. Rows of the journal stay.
  /// Errors: also not_found (that snapshot is expired).
  Result<std::int64_t> roll_back(std::int64_t to_snapshot);
  /// The catalog lists the table no longer. From now on append() and what changes files give
  /// not_found; snapshots that somebody holds stay readable. Again is fine. Its journal and its
  /// other log are left: Lake::drop_table() removes them.
  Result<void> drop();
  /// Adds nullable columns behind the others. Appends wait meanwhile. Errors: also invalid (a name
  /// that is there, a column that is not nullable).
  Result<void> add_columns(std::vector<columns::Field> fields);

  /// Compares every file with the catalog: is it there, of its size, whole, with the rows and
  /// bounds that the catalog says? `progress` gets the files done and all; false ends it. Errors:
  /// cancelled, and what keeps from looking.
  Result<std::vector<Finding>> verify(
      const std::function<bool(std::size_t, std::size_t)>& progress = {});

  /// Keys that the mirror lists now, or listed until after that instant; none without a mirror.
  Result<std::set<std::string>> mirrored(Timestamp removed_after);

  TableStatus status() const;

 private:
  class Impl;
  explicit Table(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// A table that another process owns, or nobody: its files only. Threads: any.
class TableReader {
 public:
  static Result<std::unique_ptr<TableReader>> open(Catalog& catalog, const std::string& name);
  /// The newest that refresh() saw.
  Snapshot snapshot() const;
  std::set<std::int64_t> held() const;
  /// Looks for a newer snapshot; true when there was one.
  Result<bool> refresh();

 private:
  TableReader(Catalog& catalog, std::string name) : catalog_(catalog), name_(std::move(name)) {}
  Catalog& catalog_;
  const std::string name_;
  Pins pins_;
  mutable std::mutex mutex_;
  std::shared_ptr<const FileSet> files_;  // guarded by mutex_
};

}  // namespace bl::lake
