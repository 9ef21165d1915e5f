#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/metrics.h"
#include "engine/admission.h"
#include "engine/engine.h"
#include "objects/object_store.h"

/// DuckDB in processes of their own: for SQL that a user wrote. A query that kills, starves or
/// crashes its engine ends its process, never the server.
///
/// A worker is this program again (worker_main.h), without variables and open files. Before it sees
/// the SQL it has locked itself in: the engine opens the files of the query's tables only, no
/// setting can be changed, nothing be loaded or attached; by the kernel it has no more memory,
/// processor time and size of files than the limits say, cannot start a process, and (Landlock,
/// Linux 5.13) reads nothing but the lake's files, writes nothing but its own folder for spilling,
/// and opens no TCP port (Linux 6.7). It ends with the server. It serves one query.
///
/// A table is handed to the worker when its name stands in the SQL, in whatever case.
namespace bl::engine {

struct WorkerEngineLimits {
  AdmissionLimits admission;
  std::size_t warm_workers = 1;                   ///< that wait, started, for the next query
  std::uint64_t memory_bytes_max = 512ull << 20;  ///< of a query's engine; the process has more
  std::uint64_t spill_bytes_max = 4ull << 30;     ///< on the disk, of a query
  int threads = 2;                                ///< of a query
  /// After time_max: the worker ends its query itself by then, or it is killed.
  std::chrono::milliseconds grace{2'000};
  std::chrono::milliseconds start_max{20'000};  ///< for a worker to be ready
};

struct WorkerEngineOptions {
  /// The program, and a folder of this process alone for spilling; what lies there goes.
  std::string program = "/proc/self/exe";
  std::string folder;
  std::vector<std::string> readable;  ///< folders that hold the lake's files, absolute
  WorkerEngineLimits limits;
};

/// `store`: where the lake's files are. It, `log` and `metrics` outlive the engine. Has a thread
/// of its own, which starts the workers. Errors: unsupported (a lake that is no local folder), io
/// and others of `folder`.
Result<std::unique_ptr<Engine>> open_worker_engine(objects::ObjectStore& store, Log& log,
                                                   Metrics& metrics, WorkerEngineOptions options);

}  // namespace bl::engine
