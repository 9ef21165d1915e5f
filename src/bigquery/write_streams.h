#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/disk.h"
#include "base/metrics.h"
#include "base/random.h"
#include "bigquery/rows_in.h"
#include "bigquery/tables.h"

/// Streams that rows are written to (spec/bigquery-and-gate.md 3.2, 3.3; ADR 0007).
///
/// Rows of `_default` and of committed streams go to the table's journal. A committed stream's end
/// is in the keys of that journal (`bq/STREAM/OFFSET/COUNT`), and in the store from the moment on
/// in which the journal lets them go (stream_ends.h). Rows of buffered and of pending streams lie
/// in a journal of their own, on this machine's disk, until a flush or a commit moves them to the
/// table: by one record of its journal, or, when they are many, by one commit of files. What moves
/// several streams, or files, is written down in the store first, and done again after a crash.
namespace bl::bigquery {

struct WriteLimits {
  std::size_t request_bytes_max = 10u << 20;        ///< of an AppendRows request: INVALID_ARGUMENT
  std::uint64_t append_bytes_max = 16u << 20;       ///< of requests that become one record
  std::uint64_t move_bytes_max = 24u << 20;         ///< of rows that move by a record; more: files
  std::uint64_t stream_bytes_max = 512ull << 20;    ///< of rows that wait in one stream,
  std::uint64_t waiting_bytes_max = 1024ull << 20;  ///< and in all: RESOURCE_EXHAUSTED
  std::size_t streams_of_commit_max = 10'000;
  std::size_t tables_of_connection_max = 256;
  /// A stream that nobody used for so long is forgotten, with the rows that wait in it.
  std::chrono::hours idle_max{72};
};

struct WriteWorld {
  Tables& tables;
  store::Database& database;
  Disk& disk;
  const Clock& clock;
  Random& random;
  Log& log;
  Metrics& metrics;
  std::string folder;      ///< of this alone: the rows that wait
  DefaultValues defaults;  ///< what default expressions give; empty: they are faults of rows
};

/// All write streams of this process; the door's gRPC methods (write_methods.h) are its front.
/// Threads: any.
class WriteStreams {
 public:
  /// Finishes moves that were cut off. The lake below `tables` was opened with a StreamEnds over
  /// the same database. Errors: those of journal and store; conflict (another process has the
  /// folder).
  static Result<std::unique_ptr<WriteStreams>> open(WriteWorld world, WriteLimits limits = {});
  ~WriteStreams();
  WriteStreams(const WriteStreams&) = delete;
  WriteStreams& operator=(const WriteStreams&) = delete;

  class Impl;
  Impl& impl() { return *impl_; }

 private:
  explicit WriteStreams(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace bl::bigquery
