#pragma once

#include <atomic>
#include <map>
#include <optional>
#include <set>
#include <shared_mutex>
#include <string>

#include "lake/table.h"
#include "lake/table/data_files.h"
#include "lake/table/tail.h"

namespace bl::lake {

struct TableMetrics {
  TableMetrics(Metrics& metrics, const std::string& table)
      : tail_rows(metrics.gauge("bl_lake_tail_rows", "Rows of lake tables that are in no file yet",
                                {{"table", table}})),
        tail_bytes(metrics.gauge("bl_lake_tail_bytes", "Memory of rows that are in no file yet",
                                 {{"table", table}})),
        files(metrics.gauge("bl_lake_files", "Files of the newest snapshot", {{"table", table}})),
        file_bytes(metrics.gauge("bl_lake_file_bytes", "Bytes of the files of the newest snapshot",
                                 {{"table", table}})),
        lag(metrics.gauge("bl_lake_lag_seconds", "Age of the oldest row that is in no file",
                          {{"table", table}})),
        rows(metrics.counter("bl_lake_rows_total", "Rows appended to lake tables",
                             {{"table", table}})),
        dropped(metrics.counter("bl_lake_dropped_rows_total",
                                "Rows that were left out when files were put together: another "
                                "one counts",
                                {{"table", table}})),
        commits(
            metrics.counter("bl_lake_commits_total", "Snapshots published", {{"table", table}})),
        failures(metrics.counter("bl_lake_commit_failures_total",
                                 "Snapshots whose publishing failed or is not known to have "
                                 "happened",
                                 {{"table", table}})),
        tail_limit(metrics.counter("bl_lake_limit_hits_total",
                                   "Times that a limit of a lake table was reached",
                                   {{"table", table}, {"limit", "tail_bytes_max"}})),
        flush_seconds(metrics.histogram("bl_lake_flush_seconds",
                                        "Duration of a flush of the tail to files",
                                        Metrics::latency_bounds(), {{"table", table}})) {}
  Gauge tail_rows, tail_bytes, files, file_bytes, lag;
  Counter rows, dropped, commits, failures, tail_limit;
  Histogram flush_seconds;
};

/// Errors: invalid (no rows, another schema, null where none may be).
Result<void> check_rows(const columns::Batch& batch, const columns::Schema& schema);
/// What stands in the footers of a commit's files. `before`: the watermarks that it finds.
DataFiles::Texts texts_of(const Commit& commit, const Watermarks& before);

// What a commit of compact() says: whether the rows are the same ones.
inline constexpr std::string_view k_compact = "compact", k_settle = "settle";
inline constexpr std::string_view k_offered = "benchlake_new_rows";  ///< to the engine

/// table.cc: opening, rows in and out, publishing. table_changes.cc: what changes files otherwise,
/// and what looks at them.
class Table::Impl {
 public:
  Impl(const TableParts& parts, std::string name, PublisherToken token, Layout layout,
       std::unique_ptr<Journal> journal, std::unique_ptr<Mirror> mirror, const TableLimits& limits,
       RecordNo next)
      : parts_(parts),
        name_(std::move(name)),
        token_(std::move(token)),
        journal_(std::move(journal)),
        mirror_(std::move(mirror)),
        limits_(limits),
        metrics_(parts.metrics, name_),
        data_(parts.store, parts.disk, parts.scratch, parts.ids, name_),
        layout_(std::move(layout)),
        tail_(next) {}

  Result<void> start(CatalogSnapshot snapshot);
  Result<Ack> append(const columns::Batch& batch, std::string_view key);
  std::vector<std::string> unflushed_keys() const;
  Snapshot snapshot() const;
  std::set<std::int64_t> held() const { return pins_.held(); }
  Result<RecordNo> adopt(const std::string& journal, const ReadJournal& read);
  bool flush_is_due() const;
  Result<Flushed> flush();
  Result<std::int64_t> replace(const Change& change);
  std::timed_mutex& turn() { return turn_; }
  Result<Compacted> compact();
  void compact_with(Compaction compaction) {
    const std::lock_guard working(work_mutex_);
    compaction_ = std::move(compaction);
  }
  Result<std::int64_t> roll_back(std::int64_t to_snapshot);
  Result<void> drop();
  Result<void> add_columns(std::vector<columns::Field> fields);
  Result<std::vector<Finding>> verify(
      const std::function<bool(std::size_t, std::size_t)>& progress);
  Result<std::set<std::string>> mirrored(Timestamp removed_after);
  TableStatus status() const;

  const std::string& name() const { return name_; }
  std::shared_ptr<const FileSet> files() const {
    const std::lock_guard lock(mutex_);
    return files_;
  }

 private:
  Result<void> still_there() const;
  Result<void> fill_tail(RecordNo from);
  Result<void> fill_gap();
  Result<Flushed> flush_part();
  Result<std::vector<DataFile>> write_rows(const Commit& commit,
                                           const std::vector<columns::Batch>& rows);
  Result<std::int64_t> commit_change(const Change& change);
  Result<void> write_part(const ChangePart& part, Commit& commit);
  enum class Files : unsigned char { made, of_before };  // the ones that a commit adds
  // A commit that was published, or not: the answer was lost.
  struct Pending {
    Commit commit;
    Files files;
    Timestamp at;
  };
  Result<std::int64_t> publish(Commit commit, Files files);
  Result<void> settle();
  void apply(const Commit& commit, std::int64_t id, Timestamp at);
  void undo(const Commit& commit, Files files);
  void let_journal_go();
  void note_key(RecordNo no, std::string_view key);
  Result<void> keep_keys(RecordNo to);
  void take_files(CatalogSnapshot snapshot);
  void show_tail();
  Commit new_commit(std::string what) {
    return {parts_.ids.next(), std::move(what), {}, {}, {}, {}};
  }
  Result<Change> next_compaction(std::set<std::string>& done) const;
  void settle_rows(Change& change) const;
  Result<void> verify_file(duck::Connection& connection, const DataFile& file,
                           std::vector<Finding>& findings);

  const TableParts parts_;
  const std::string name_;
  const PublisherToken token_;
  const std::unique_ptr<Journal> journal_;
  const std::unique_ptr<Mirror> mirror_;
  const TableLimits limits_;
  mutable TableMetrics metrics_;  // the lag is shown when somebody asks
  DataFiles data_;

  std::timed_mutex turn_;  // of callers; before the others
  // Taken in this order. Appends share the first, so that the schema stands still for them.
  std::shared_mutex schema_mutex_;
  std::mutex work_mutex_;           // one change of the files at a time
  mutable std::mutex mutex_;        // for moments
  Layout layout_;                   // changed under all
  std::optional<Pending> pending_;  // guarded by work_mutex_
  Compaction compaction_;           // guarded by work_mutex_
  // What the mirror does not have yet; guarded by work_mutex_.
  std::optional<RowsChange> mirror_lacks_ = RowsChange::yes;

  std::shared_ptr<const FileSet> files_;  // guarded by mutex_
  std::int64_t removed_at_ = 0;           // guarded by mutex_
  Tail tail_;                             // guarded by mutex_
  std::map<RecordNo, std::string> keys_;  // of the tail, that the keeper wants; guarded by mutex_
  std::optional<std::chrono::steady_clock::time_point> tail_since_;  // guarded by mutex_
  std::string fenced_;                                               // guarded by mutex_
  std::atomic<bool> is_dropped_ = false;           // set with both mutexes of work and schema
  std::atomic<std::uint64_t> reserved_bytes_ = 0;  // of rows on their way to the journal
  Pins pins_;
};

}  // namespace bl::lake
