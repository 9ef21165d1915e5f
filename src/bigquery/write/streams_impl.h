#pragma once

#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "bigquery/write/names.h"
#include "bigquery/write/stream_rows.h"
#include "bigquery/write/waiting_rows.h"
#include "bigquery/write/wire.h"
#include "bigquery/write_streams.h"

namespace bl::bigquery::write {

struct Move;

/// A stream that somebody uses. What is done to it stands in a line: its mutex is held while the
/// disk is waited for.
struct Stream {
  explicit Stream(const StreamRow& row)
      : id(row.id),
        kind(row.kind),
        table(row.table),
        table_id(row.table_id),
        created(row.created),
        name(path_of(row.table, row.id)) {}

  const std::string id;
  const StreamKind kind;
  const TableName table;
  const std::int64_t table_id;
  const Timestamp created;
  const std::string name;

  std::mutex mutex;        // guards all below
  std::int64_t end = 0;    ///< rows that were acknowledged
  std::int64_t moved = 0;  ///< of those, in the table
  std::optional<std::int64_t> final_rows;
  std::optional<Timestamp> committed;
  /// Rows of which nobody knows whether they are durable: they are appended again first.
  std::optional<columns::Batch> unknown;
  /// What may be in the table, or not: it is moved again first.
  std::shared_ptr<const Move> move;

  std::atomic<std::int64_t> used{0};  ///< micros of the clock
  bool has_ended() const { return final_rows.has_value(); }
};

/// Rows that go to their table together, or not at all.
struct Move {
  struct Part {
    std::shared_ptr<Stream> stream;
    std::int64_t to = 0;  ///< rows from stream->moved on
  };
  /// As in the store: `j` (one record of the table's journal) or `f` (one commit of files), and 32
  /// hex digits. Empty: the record's key is the stream's own.
  std::string id;
  std::vector<Part> parts;
};

/// One request's rows, and what became of them.
struct Append {
  std::optional<std::int64_t> offset;  ///< where they are to be; none: at the end
  std::optional<columns::Batch> batch;
  std::size_t bytes = 0;                        ///< of the request
  Result<std::int64_t> done = std::int64_t{0};  ///< the first row's offset
};

/// Why a stream is not to be committed, if so. With its mutex.
std::optional<Error> committable(const Stream& stream);

}  // namespace bl::bigquery::write

namespace bl::bigquery {

/// streams.cc: finding, making, ending streams. append.cc: rows in. moves.cc: waiting rows to the
/// table. Errors carry their StorageError (faults.h).
class WriteStreams::Impl {
 public:
  using Stream = write::Stream;
  using StreamHandle = std::shared_ptr<Stream>;

  Impl(WriteWorld world, const WriteLimits& limits);
  Result<void> start();

  // The methods.
  Result<std::string> create(std::string_view request);
  Result<std::string> get(std::string_view request);
  Result<std::string> finalize(std::string_view request);
  Result<std::string> flush(std::string_view request);
  Result<std::string> commit(std::string_view request);

  // For connections.
  const WriteLimits& limits() const { return limits_; }
  const WriteWorld& world() const { return world_; }
  /// Errors: not_found (no such table), invalid (one that takes no rows).
  Result<TableHandle> table_of(const TableName& name);
  /// Errors: not_found.
  Result<StreamHandle> stream_of(const write::StreamName& name);
  /// Rows of `_default`. All of them are answered.
  void append(const OpenTable& table, std::span<write::Append*> rows);
  /// Rows of a stream. All of them are answered.
  void append(Stream& stream, const OpenTable& table, std::span<write::Append*> rows);
  Metrics& metrics() { return world_.metrics; }

 private:
  Result<StreamHandle> load(const write::StreamName& name);
  Result<void> wake(const write::StreamRow& row);
  Result<StreamHandle> restore(const write::StreamRow& row, const OpenTable& table);
  struct Target {
    StreamHandle stream;
    TableHandle table;
  };
  Result<Target> target_of(std::string_view name);
  Result<void> be_of(const Stream& stream, const OpenTable& table) const;
  Result<void> settle(Stream& stream, const OpenTable& table);
  void write_out(Stream& stream, const OpenTable& table, std::vector<write::Append*>& rows);
  Result<void> store_rows(Stream& stream, const OpenTable& table, const columns::Batch& batch);
  void sweep();

  // moves.cc
  /// The streams of the parts are locked.
  Result<void> begin(const OpenTable& table, std::vector<write::Move::Part> parts);
  Result<void> make(const OpenTable& table, const std::shared_ptr<const write::Move>& move);
  Result<void> put(const OpenTable& table, const write::Move& move,
                   const std::vector<columns::Batch>& rows);
  Result<std::vector<columns::Batch>> rows_of(const OpenTable& table,
                                              const std::vector<write::Move::Part>& parts) const;
  void finish_moves(const std::vector<write::StreamRow>& rows);
  Result<void> commit_all(const OpenTable& table, const std::vector<StreamHandle>& streams,
                          Timestamp at);

  const WriteWorld world_;
  const WriteLimits limits_;
  IdSource ids_;
  write::StreamRows rows_;
  std::unique_ptr<write::WaitingRows> waiting_;
  Counter rows_in_, moves_;

  std::mutex loading_;  // one stream is read from the store at a time; taken before mutex_
  std::mutex mutex_;
  std::map<std::string, StreamHandle, std::less<>> streams_;    // guarded by mutex_
  std::optional<std::chrono::steady_clock::time_point> swept_;  // guarded by mutex_
};

}  // namespace bl::bigquery
