#include "bigquery/changes.h"

#include <fmt/format.h>

#include <chrono>

#include "base/check.h"
#include "bigquery/changes/changed_rows.h"
#include "bigquery/jobs/relations.h"
#include "bigquery/model/names.h"
#include "bigquery/sql/types.h"

namespace bl::bigquery {
namespace {

using sql::StatementKind;
using std::chrono::duration_cast;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds k_turn_pause{50};  // how often who waits for a turn looks up

/// Errors: unsupported.
Result<void> check_names(const TableSchema& schema) {
  for (const std::string_view taken : {std::string_view("file_row_number"), lake::k_row_column}) {
    if (schema.find(taken) == nullptr) continue;
    return Error{
        Code::unsupported,
        fmt::format("not supported: UPDATE, DELETE and MERGE of a table with a column {}", taken)};
  }
  return {};
}

/// One call of apply_changes.
class Run {
 public:
  Run(const sql::Translated& statement, const duck::Values& parameters, Tables& tables,
      engine::Engine& engine, milliseconds time_max, std::shared_ptr<engine::QueryControl> control,
      const ChangeLimits& limits)
      : statement_(statement),
        parameters_(parameters),
        tables_(tables),
        engine_(engine),
        time_max_(time_max),
        control_(control ? std::move(control) : std::make_shared<engine::QueryControl>()),
        limits_(limits) {}

  Result<Changed> run() {
    if (statement_.kind == StatementKind::insert) return insert();
    if (statement_.kind != StatementKind::truncate) {
      BL_RETURN_IF_ERROR(check_names(statement_.schema));
    }
    for (int i = 0; i < limits_.attempts_max; ++i) {
      BL_TRY(const std::optional<Changed> changed, attempt());
      if (changed) return *changed;
    }
    return Error{Code::conflict,
                 fmt::format("the table's files moved again and again while rows of it were to be "
                             "changed: {}",
                             statement_.target->table)};
  }

 private:
  Result<TableHandle> target() {
    BL_TRY(TableHandle table, tables_.find(*statement_.target));
    if (table->is_read_only()) {
      return Error{Code::forbidden,
                   fmt::format("the table cannot be changed: {}.{}", statement_.target->dataset,
                               statement_.target->table)};
    }
    if (table->record().schema != statement_.schema) return schema_changed(*statement_.target);
    return table;
  }

  static Error schema_changed(const TableName& name) {
    return Error{Code::conflict,
                 fmt::format("the schema of the table changed under the statement: {}.{}",
                             name.dataset, name.table)};
  }

  Result<Changed> insert() {
    BL_TRY(const TableHandle table, target());
    BL_TRY(ChangedRows rows, ask(table->rows().schema(), {}));
    BL_RETURN_IF_ERROR(add(table->rows(), std::move(rows.new_rows)));
    return rows.counts;
  }

  /// nullopt: files moved meanwhile, and nothing was done.
  Result<std::optional<Changed>> attempt() {
    BL_TRY(const TableHandle table, target());
    lake::Table& rows = table->rows();
    BL_TRY(const auto turn, take_turn(rows));
    BL_TRY(const lake::Snapshot files, flushed(rows));
    const columns::Schema schema = rows.schema();
    ChangedRows changes;
    if (statement_.kind == StatementKind::truncate) {
      changes.counts.deleted = files.rows();
    } else {
      BL_TRY(changes, ask(schema, files));
    }
    if (changes.counts == Changed{}) return std::optional(changes.counts);
    if (changes.counts.updated + changes.counts.deleted == 0) {
      BL_RETURN_IF_ERROR(add(rows, std::move(changes.new_rows)));
      return std::optional(changes.counts);
    }
    BL_TRY(const lake::Change change, statement_.kind == StatementKind::truncate
                                          ? change_of_all(files)
                                          : change_of(files, changes));
    const auto replaced = rows.replace(change);
    if (replaced.ok()) return std::optional(changes.counts);
    const bool has_moved = replaced.error().code == Code::not_found || rows.schema() != schema;
    if (!has_moved) return replaced.error();
    return std::optional<Changed>();
  }

  milliseconds left() const {
    return duration_cast<milliseconds>(began_ + time_max_ - steady_clock::now());
  }

  Result<std::unique_lock<std::timed_mutex>> take_turn(lake::Table& table) {
    std::unique_lock<std::timed_mutex> turn(table.turn(), std::defer_lock);
    while (!turn.try_lock_for(k_turn_pause)) {
      if (control_->wants_end()) return Error{Code::cancelled, "the statement was cancelled"};
      if (left().count() <= 0) {
        return Error{Code::timeout,
                     fmt::format("other statements changed the table for longer than {} ms",
                                 time_max_.count())};
      }
    }
    return turn;
  }

  /// The table's files, with every row that was acknowledged before.
  static Result<lake::Snapshot> flushed(lake::Table& table) {
    const lake::RecordNo wanted = table.status().journal_next;
    do {
      BL_TRY(const lake::Flushed done, table.flush());
      if (done.rows == 0) break;
    } while (table.status().flushed_before < wanted);
    return table.snapshot().without_tail();
  }

  /// The tables that the SQL reads. Of `files`, the target's, rows are numbered.
  Result<std::vector<engine::NamedTable>> relations(const std::optional<lake::Snapshot>& files) {
    std::vector<engine::NamedTable> relations;
    held_.clear();
    for (const sql::UsedTable& used : statement_.tables) {
      if (statement_.sql.find(sql::engine_name(used.relation)) == std::string::npos) continue;
      BL_TRY(TableHandle table, tables_.find(used.name));
      const TableRecord& record = table->record();
      if (record.kind != TableKind::table) return schema_changed(used.name);
      const bool is_numbered = files && used.name == *statement_.target;
      relations.push_back(
          relation_of(used, record.schema, is_numbered ? *files : table->snapshot()));
      relations.back().row_number = is_numbered;
      held_.push_back(std::move(table));
    }
    return relations;
  }

  /// `schema`: of the target in the lake.
  Result<ChangedRows> ask(const columns::Schema& schema,
                          const std::optional<lake::Snapshot>& files) {
    engine::Query query{.sql = change_query(statement_),
                        .parameters = parameters_,
                        .limits = {.time_max = left(),
                                   .rows_max = limits_.rows_max,
                                   .bytes_max = limits_.bytes_max},
                        .control = control_};
    if (query.limits.time_max.count() <= 0) {
      return Error{Code::timeout,
                   fmt::format("a statement took longer than {} ms", time_max_.count())};
    }
    BL_TRY(query.tables, relations(files));
    BL_TRY(const auto cursor, engine_.run(std::move(query)));
    ChangedRows rows;
    while (true) {
      BL_TRY(const std::optional<columns::Batch> batch, cursor->next());
      if (!batch) break;
      BL_RETURN_IF_ERROR(add_changes(*batch, statement_.kind, schema, rows));
    }
    if (cursor->statistics().is_truncated) {
      return Error{Code::too_large, fmt::format("a statement changes at most {} rows and {} bytes",
                                                limits_.rows_max, limits_.bytes_max)};
    }
    return rows;
  }

  /// Rows that only come.
  Result<void> add(lake::Table& table, std::vector<columns::Batch> rows) {
    if (rows.empty()) return {};
    std::uint64_t bytes = 0;
    for (const columns::Batch& batch : rows) bytes += batch.bytes();
    if (bytes <= limits_.append_bytes_max) {
      BL_TRY(const columns::Batch all, columns::concatenate(rows));
      BL_TRY([[maybe_unused]] const lake::Ack ack, table.append(all));
      return {};
    }
    lake::Change change;
    change.what = "insert";
    change.rows = std::move(rows);
    BL_TRY([[maybe_unused]] const std::int64_t snapshot, table.replace(change));
    return {};
  }

  const sql::Translated& statement_;
  const duck::Values& parameters_;
  Tables& tables_;
  engine::Engine& engine_;
  const milliseconds time_max_;
  const std::shared_ptr<engine::QueryControl> control_;
  const ChangeLimits limits_;
  const steady_clock::time_point began_ = steady_clock::now();
  std::vector<TableHandle> held_;  // of what a query reads
};

}  // namespace

Result<Changed> apply_changes(const sql::Translated& statement, const duck::Values& parameters,
                              Tables& tables, engine::Engine& engine,
                              const engine::QueryLimits& limits,
                              std::shared_ptr<engine::QueryControl> control,
                              const ChangeLimits& change_limits) {
  BL_CHECK(statement.target.has_value());
  return Run(statement, parameters, tables, engine, limits.time_max, std::move(control),
             change_limits)
      .run();
}

}  // namespace bl::bigquery
