#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "base/metrics.h"
#include "engine/engine.h"
#include "engine/worker_engine.h"
#include "events/log.h"
#include "events/log_uri.h"

/// SQL over any log, in one dialect (DuckDB's), read only: over EventLog::table(), in a process of
/// its own (engine/worker_engine.h). The SQL sees
///
/// - `events`: the table of Appendix C: four columns and a struct for each type;
/// - `build_events`: the four columns, and one table for each type with the columns of
///   spec/events-delta.md 1.6, its event's `timestamp` and `build_request_id` besides, refs as
///   lists: `build_request_events`, `partition_events`, `job_events`, `delegation_events`,
///   `job_graph_events`, `partition_invalidation_events`, `task_cancel_events`,
///   `build_cancel_events`.
namespace bl::events {

/// Names of columns, and values as texts: JSON for structs and lists; null is nullopt.
struct QueryResult {
  std::vector<std::string> columns;
  std::vector<std::vector<std::optional<std::string>>> rows;
  bool is_truncated = false;  ///< there were more rows or bytes than the limits let out
  engine::Statistics statistics;
};

struct EventSqlOptions {
  std::string program = "/proc/self/exe";  ///< that is the worker: calls engine::worker_main first
  std::string folder;                      ///< of this process alone, for spilling
  /// Where files of the logs may lie, absolute (readable_folders()). Nothing else can be read.
  std::vector<std::string> readable;
  engine::WorkerEngineLimits limits;
};

/// Where the files of a log's table() are: what a worker must be able to read. `scratch`: that of
/// LogWorld.
std::vector<std::string> readable_folders(const LogUri& uri, const std::string& scratch);

/// Threads: any.
class EventSql {
 public:
  /// Errors: those of engine::open_worker_engine.
  static Result<std::unique_ptr<EventSql>> open(EventSqlOptions options, Log& log,
                                                Metrics& metrics);
  ~EventSql();

  /// One statement that reads. The cursor gives batches as they come (columns/cell_json.h writes
  /// them). Errors: as engine::Engine::run, with the user's own lines and columns; those of
  /// EventLog::table().
  Result<std::unique_ptr<engine::Cursor>> run(
      EventLog& log, std::string_view sql, const duck::Values& parameters,
      const engine::QueryLimits& limits, std::shared_ptr<engine::QueryControl> control = nullptr);
  /// All of it as texts. Errors: also those of the cursor.
  Result<QueryResult> execute_query(EventLog& log, std::string_view sql,
                                    const engine::QueryLimits& limits = {},
                                    std::shared_ptr<engine::QueryControl> control = nullptr);

 private:
  EventSql();
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace bl::events
