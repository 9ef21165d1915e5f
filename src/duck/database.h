#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "duck/connection.h"

/// DuckDB, wrapped: the engine that reads and writes Parquet and answers SQL. What it calls an
/// error is a Result here, on one line and with the place in the SQL; its exceptions never come
/// out. Its own extensions are never fetched, its session speaks UTC, its settings are all set by
/// us.
namespace bl::duck {

/// What SQL may touch outside the database.
enum class Access {
  everything,  ///< any file and, with extensions, any network address: our own SQL only
  folders,     ///< files below `folders`, no ATTACH elsewhere, no network
  nothing,     ///< no file at all but spilling: SQL over offered batches
};

struct DatabaseLimits {
  std::uint64_t memory_bytes_max = 1ull << 30;  ///< the engine spills, then says overloaded
  int threads = 2;                              ///< that work on queries, of all connections
  std::string temp_folder;                      ///< where it spills; empty: it never does
  std::uint64_t temp_bytes_max = 16ull << 30;
};

struct DatabaseOptions {
  std::string path;  ///< a DuckDB file of its own; empty: in memory
  DatabaseLimits limits;
  Access access = Access::everything;
  std::vector<std::string> folders;     ///< for Access::folders
  std::vector<std::string> extensions;  ///< names, loaded on open in this order
  std::string extension_folder;         ///< empty: default_extension_folder()
  /// Connection::progress() tells. It is counted behind every piece of work, under locks.
  bool counts_progress = true;
};

/// One engine with its memory, threads and catalog. One process per file. Threads: any. Keep it
/// longer than its connections.
class Database {
 public:
  /// Errors: those of checked_extension, conflict (another process has the file), corrupt, io,
  /// invalid (limits that the engine refuses), unsupported (another engine than k_engine_version).
  /// Cost: about 10 ms, and per extension about 100 ms.
  static Result<std::unique_ptr<Database>> open(DatabaseOptions options);
  ~Database();

  /// A session: its temporary tables and transactions are its own, attached catalogs everybody's.
  /// Cheap. Errors: forbidden (after Connection::lock_settings).
  Result<std::unique_ptr<Connection>> connect();
  /// Bytes of memory that the engine holds, and bytes spilled.
  struct Usage {
    std::uint64_t memory_bytes = 0;
    std::uint64_t temp_bytes = 0;
  };
  Result<Usage> usage();

 private:
  Database();
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace bl::duck
