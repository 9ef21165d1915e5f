#pragma once

#include <chrono>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "bigquery/changes.h"
#include "bigquery/googlesql.h"
#include "bigquery/jobs/parameters.h"
#include "bigquery/jobs/row_sink.h"
#include "bigquery/query_results.h"
#include "bigquery/tables.h"
#include "engine/engine.h"

/// GoogleSQL statements, run: translated, answered by an engine over pinned snapshots, kept as
/// results; what changes tables, too.
namespace bl::bigquery {

struct QueryRequest {
  std::string text;
  std::string project;          ///< of the job, and of names that say none
  std::string default_project;  ///< of `default_dataset`; empty: `project`
  std::string default_dataset;
  std::vector<QueryParameter> parameters;
  bool dry_run = false;
  bool use_cache = true;
  /// Where the answer goes besides the results; of queries that only read.
  std::optional<Destination> destination;
  std::string user = "user@localhost";
  bool may_write = true;                  ///< false: only statements that read, and no destination
  std::chrono::milliseconds time_max{0};  ///< 0: QueriesLimits say
  std::string key;                        ///< of the job: what it adds to a table is added once
};

struct QueryOutcome {
  sql::StatementKind kind = sql::StatementKind::select;
  TableSchema schema;      ///< of the answer; of what changes rows: empty
  QueryResultHandle rows;  ///< null: the statement has no answer, or was a dry run
  bool cache_hit = false;
  std::optional<Changed> changed;     ///< of INSERT, UPDATE, DELETE, MERGE, TRUNCATE
  std::string ddl_operation;          ///< CREATE, REPLACE, SKIP, DROP, ALTER
  std::optional<TableName> target;    ///< of DDL and DML; of a schema: `table` is empty
  std::vector<TableName> tables;      ///< that were read
  std::uint64_t bytes_processed = 0;  ///< of the tables that were read, files and tails, whole
};

/// `SELECT`, `CREATE_TABLE_AS_SELECT`, ...: BigQuery's names of statements.
std::string_view name_of(sql::StatementKind kind);
inline bool only_reads(sql::StatementKind kind) {
  return kind == sql::StatementKind::select;
}

struct QueriesLimits {
  std::chrono::milliseconds time_max{30 * 60'000};  ///< of a statement, and the most of `time_max`
  std::size_t cached_max = 1'000;                   ///< answers that are known by their question
  RowSinkLimits sink;
};

struct QueriesWorld {
  Tables& tables;
  engine::Engine& engine;
  Results& results;
  const Clock& clock;
};

/// Threads: any; run() blocks its own until the statement has ended.
class Queries {
 public:
  explicit Queries(const QueriesWorld& world, const QueriesLimits& limits = {})
      : world_(world), limits_(limits) {}

  /// What the statement is and would answer; nothing is run. Errors: as translate().
  Result<QueryOutcome> plan(const QueryRequest& request);
  /// The same answer as before (`cache_hit`), as long as the text, its parameters, the tables' rows
  /// and their schemas are the same and no function depends on time or chance. Errors: those of
  /// translate(), of the engine, Tables, apply_changes and RowSink; timeout, cancelled.
  Result<QueryOutcome> run(const QueryRequest& request,
                           std::shared_ptr<engine::QueryControl> control);

 private:
  struct Plan;
  struct CachedAnswer {
    std::string question;
    QueryResultHandle rows;
  };
  Result<Plan> plan_of(const QueryRequest& request);
  engine::QueryLimits limits_of(const QueryRequest& request) const;
  Result<void> select(const QueryRequest& request, Plan& plan,
                      std::shared_ptr<engine::QueryControl> control);
  Result<void> fill(const QueryRequest& request, Plan& plan, const Destination& destination,
                    std::shared_ptr<engine::QueryControl> control);
  Result<void> define(const QueryRequest& request, Plan& plan,
                      std::shared_ptr<engine::QueryControl> control);
  Result<std::unique_ptr<engine::Cursor>> start(const QueryRequest& request, const Plan& plan,
                                                std::string sql,
                                                std::shared_ptr<engine::QueryControl> control);
  QueryResultHandle cached(const std::string& question);
  void remember(std::string question, QueryResultHandle rows);

  const QueriesWorld world_;
  const QueriesLimits limits_;
  std::mutex mutex_;
  std::list<CachedAnswer> cached_;  // the newest first; guarded by mutex_
};

}  // namespace bl::bigquery
