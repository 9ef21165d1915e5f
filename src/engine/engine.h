#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "columns/batch.h"
#include "duck/connection.h"
#include "duck/value.h"
#include "lake/snapshot.h"

/// Who answers SQL over the lake (DESIGN 5). An engine is handed the tables of a query as pinned
/// snapshots; it never sees a catalog, and changes nothing.
namespace bl::engine {

/// A lake table as one query sees it.
struct NamedTable {
  std::string name;  ///< as the SQL calls it
  lake::Snapshot snapshot;
  /// What the SQL asks for anyway, so that files without such rows are not opened. Rows outside may
  /// still come: the SQL says it too.
  std::vector<lake::ColumnRange> ranges;
  /// In which order files are opened, for queries that stop early (the newest first); empty: by
  /// key.
  std::function<bool(const lake::DataFile&, const lake::DataFile&)> opened_before;
  /// The items of a SELECT over the table's columns, which the SQL then finds under the table's
  /// name: our own SQL. Empty: all columns.
  std::string columns;
  /// There is also lake::k_row_column: BIGINT, a row's position in the snapshot.
  bool row_number = false;
};

struct QueryLimits {
  /// From run() to the last batch, waiting for a place included: `timeout`.
  std::chrono::milliseconds time_max{30'000};
  std::int64_t rows_max = 10'000;         ///< more are cut off: Statistics::is_truncated
  std::uint64_t bytes_max = 64ull << 20;  ///< of the batches in memory; more are cut off
};

/// The caller's hold on a query, from before it begins until it is over. Threads: any.
class QueryControl {
 public:
  QueryControl() = default;
  /// `client_is_there`: asked a few times a second by the thread that runs the query; false is the
  /// same as cancel().
  explicit QueryControl(std::function<bool()> client_is_there)
      : client_is_there_(std::move(client_is_there)) {}

  /// Ends the query with `cancelled`, at once or as soon as it begins; nothing when it is over.
  void cancel();
  bool is_cancelled() const { return cancelled_.load(); }
  duck::Progress progress() const;

  // -- the engine's side

  /// To be looked at wherever the engine waits.
  bool wants_end() { return is_cancelled() || (client_is_there_ && !client_is_there_()); }
  void tell(const duck::Progress& progress);
  /// `interrupt` is called by cancel(), once and at once when that was before; until nullptr is
  /// given. It must not call back.
  void on_cancel(std::function<void()> interrupt);

 private:
  std::atomic<bool> cancelled_ = false;
  const std::function<bool()> client_is_there_;
  mutable std::mutex mutex_;
  duck::Progress progress_;          // guarded by mutex_
  std::function<void()> interrupt_;  // guarded by mutex_
};

struct Query {
  std::string sql;          ///< one statement that reads
  duck::Values parameters;  ///< `?`, `$1`
  std::vector<NamedTable> tables;
  QueryLimits limits;
  std::shared_ptr<QueryControl> control;  ///< may be null
};

/// What a query took. Absent: this engine cannot tell one query's share from another's.
struct Statistics {
  std::chrono::microseconds wall{0};    ///< from run() to the end of the answer; waits included
  std::chrono::microseconds waited{0};  ///< of it, for a place and for a process
  /// Processor time of all threads that served the query, as the kernel counts it.
  std::optional<std::chrono::microseconds> cpu;
  /// Bytes that were asked of files by read calls, spilling included, whether the disk or the
  /// system's cache had them; exact (the engine's own counters see only footers).
  std::optional<std::uint64_t> bytes_read;
  /// Files that were handed to the engine, which may open fewer of them; and those that statistics
  /// alone ruled out.
  std::int64_t files_scanned = 0, files_skipped = 0;
  std::int64_t rows = 0;      ///< of the answer
  std::uint64_t bytes = 0;    ///< of the answer's batches in memory
  bool is_truncated = false;  ///< there were more rows or bytes than the limits let out
  /// The largest resident memory of the process that served the query, libraries included.
  std::optional<std::uint64_t> peak_memory_bytes;
  std::map<std::string, std::int64_t> snapshots;  ///< of each table, by name
};

/// The rows of a query, as they come. One thread. Going away ends the query.
class Cursor {
 public:
  virtual ~Cursor() = default;
  virtual const columns::Schema& schema() const = 0;
  /// The next rows, never none; nullopt at the end. Errors: as Engine::run. After an error there is
  /// no next.
  virtual Result<std::optional<columns::Batch>> next() = 0;
  /// Whole once next() gave nullopt; before that, what is known.
  virtual Statistics statistics() const = 0;
};

class Engine {
 public:
  virtual ~Engine() = default;
  /// Waits for a place, then begins. Threads: any; blocks until the first rows are near.
  ///
  /// Errors are of the one who wrote the query: malformed (no SQL), invalid (it does not bind or
  /// convert, a parameter, a column of a type that no answer has, more than one statement),
  /// forbidden (it would change something, or reach outside of its tables), not_found (a table, a
  /// function), too_large (more memory than a query may have), timeout (time_max, or its
  /// processor time), cancelled; with a fault at `/sql` that says line and column where the engine
  /// knows the place. Of the server: overloaded (all places are taken, and those to wait, or none
  /// came free in time; memory that all queries share), io, corrupt (a file of the lake),
  /// unavailable (the engine was killed from outside), internal, unsupported (a lake on S3).
  virtual Result<std::unique_ptr<Cursor>> run(Query query) = 0;
};

/// The error with the place that its sentence begins with (`at line 2, column 3: ...`) as a fault
/// of the body's member `sql`.
Error with_place(Error error);

/// The first rows of a batch that are within `rows` and `bytes`; all of it when it is. No copy.
columns::Batch within(const columns::Batch& batch, std::int64_t rows, std::uint64_t bytes);

}  // namespace bl::engine
