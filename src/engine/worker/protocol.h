#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/engine.h"

/// What the server and a query's worker process say to each other, over one socket.
///
/// A frame is its payload's length (4 bytes, little-endian), its kind (1 byte), the payload. The
/// payloads of `setup`, `ready`, `job`, `progress`, `done` and `failed` are JSON objects; unknown
/// members are refused. Both ends are of one program; the version guards against a program that was
/// replaced under a server that runs.
///
///     server                                worker
///     setup  {protocol, limits, places}  ->
///                                        <- ready {protocol, landlock}      it is locked in now
///     job    {sql, parameters, tables}   ->
///     tail*, tail_end  for each table    ->
///                                        <- progress*                       at any time
///                                        <- schema, batch*, done | failed
///
/// `tail` frames are pieces of one Arrow IPC stream for each table, in the order of the job's
/// tables: its schema and the rows that are in no file. `schema` is an IPC stream without batches,
/// `batch` one batch of that schema (columns::append_ipc_batch). A worker serves one job, then
/// ends. To cancel, the server kills it.
///
/// Everything is decoded as bytes from outside: the server does not believe a worker in which a
/// user's SQL ran. Errors of decoding: malformed (what, never the bytes), too_large. Pure. Private
/// to this folder.
namespace bl::engine {

inline constexpr std::int64_t k_protocol = 2;

enum class FrameKind : unsigned char {
  setup = 1,
  ready,
  job,
  tail,
  tail_end,
  schema,
  batch,
  progress,
  done,
  failed,
};

struct FrameLimits {
  std::size_t payload_bytes_max = 512u << 20;
};

struct Frame {
  FrameKind kind = FrameKind::failed;
  std::string payload;
};

inline constexpr std::size_t k_frame_head_bytes = 5;
/// The bytes before a payload.
std::string frame_head(FrameKind kind, std::size_t payload_bytes);

/// Frames out of bytes as they come.
class FrameParser {
 public:
  explicit FrameParser(FrameLimits limits) : limits_(limits) {}
  void feed(std::string_view bytes) { bytes_ += bytes; }
  /// nullopt: more bytes are needed. Errors: malformed (a kind that is none), too_large.
  Result<std::optional<Frame>> next();

 private:
  const FrameLimits limits_;
  std::string bytes_;
  std::size_t taken_ = 0;
};

/// What a worker may use, before it knows its job.
struct WorkerSetup {
  std::int64_t parent = 0;            ///< its process id
  std::vector<std::string> readable;  ///< folders of the lake's files
  std::string temp_folder;            ///< its own; empty
  std::uint64_t temp_bytes_max = 0;
  std::uint64_t memory_bytes_max = 0;  ///< of the engine
  int threads = 1;
};

/// Files that have the same columns.
struct FileGroup {
  std::vector<std::string> columns;  ///< those that they have
  std::vector<std::string> paths;
  /// The number of each file's first row, where the table's rows are numbered.
  std::vector<std::int64_t> first_rows = {};
};

struct JobTable {
  std::string name;
  std::vector<FileGroup> groups;
  std::string select = {};                    ///< NamedTable::columns
  std::optional<std::int64_t> tail_row = {};  ///< of the first row of the tail: rows are numbered
};

struct Job {
  std::string sql;
  duck::Values parameters;
  std::vector<JobTable> tables;
  std::int64_t time_max_ms = 0;
  std::int64_t cpu_max_s = 0;
  std::int64_t rows_max = 0;
  std::uint64_t bytes_max = 0;
  std::list<std::string> kept;  ///< bytes that parameters refer to
};

struct WorkerReady {
  std::int64_t protocol = 0;
  std::int64_t landlock = 0;  ///< the kernel's version of it; 0: it has none
};

struct JobDone {
  std::int64_t cpu_us = 0;
  std::int64_t bytes_read = 0;
  std::int64_t peak_memory_bytes = 0;
  bool is_truncated = false;
};

std::string encode(const WorkerSetup& setup);
Result<WorkerSetup> decode_setup(std::string_view payload);
std::string encode(const WorkerReady& ready);
Result<WorkerReady> decode_ready(std::string_view payload);
/// Errors: invalid (a text that is no UTF-8).
Result<std::string> encode(const Job& job);
Result<Job> decode_job(std::string_view payload);
std::string encode(const duck::Progress& progress);
Result<duck::Progress> decode_progress(std::string_view payload);
std::string encode(const JobDone& done);
Result<JobDone> decode_done(std::string_view payload);
std::string encode(const Error& error);
/// The error that a worker reports, or what is wrong with its report.
Error decode_failed(std::string_view payload);

}  // namespace bl::engine
