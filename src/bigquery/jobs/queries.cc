#include "bigquery/queries.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "base/hash.h"
#include "bigquery/jobs/ddl.h"
#include "bigquery/jobs/relations.h"
#include "bigquery/lake_schema.h"
#include "bigquery/model/names.h"
#include "bigquery/sql/types.h"

namespace bl::bigquery {
namespace {

using sql::StatementKind;

/// What a statement's names lead to, kept until it has ended: a table that is dropped meanwhile
/// stays readable.
class FoundTables final : public sql::TableSource {
 public:
  explicit FoundTables(Tables& tables) : tables_(tables) {}
  Result<sql::TableInfo> find(const TableName& name) override {
    auto found = found_.find(name);
    if (found == found_.end()) {
      BL_TRY(TableHandle table, tables_.find(name));
      found = found_.emplace(name, std::move(table)).first;
    }
    const TableRecord& record = found->second->record();
    return sql::TableInfo{record.schema, record.view_query};
  }
  const OpenTable& at(const TableName& name) const { return *found_.at(name); }

 private:
  Tables& tables_;
  std::map<TableName, TableHandle> found_;
};

std::uint64_t bytes_of(const lake::Snapshot& snapshot) {
  std::uint64_t bytes = snapshot.files().bytes();
  for (const columns::Batch& batch : snapshot.tail()) bytes += batch.bytes();
  return bytes;
}

/// Depends on time or chance; too much is named rather than too little.
bool is_volatile(const std::string& engine_sql) {
  static constexpr std::array<std::string_view, 6> k_words = {"now()",    "random()", "uuid()",
                                                              "current_", "setseed",  "nextval"};
  return std::ranges::any_of(
      k_words, [&](std::string_view word) { return engine_sql.find(word) != std::string::npos; });
}

bool is_dml(StatementKind kind) {
  return kind == StatementKind::insert || kind == StatementKind::update ||
         kind == StatementKind::remove || kind == StatementKind::merge ||
         kind == StatementKind::truncate;
}

/// The answer's columns by name, as those of a table that has perhaps more.
Result<std::string> as_table(const std::string& sql, const TableSchema& answer,
                             const TableSchema& table) {
  std::string names, items;
  for (std::size_t i = 0; i < answer.fields.size(); ++i) {
    names += fmt::format("{}\"c{}\"", i == 0 ? "" : ", ", i);
  }
  for (const TableField& field : table.fields) {
    const auto given = std::ranges::find_if(
        answer.fields, [&](const TableField& one) { return same_name(one.name, field.name); });
    const std::string value = given == answer.fields.end()
                                  ? "NULL"
                                  : fmt::format("\"c{}\"", given - answer.fields.begin());
    items += fmt::format("{}CAST({} AS {})", items.empty() ? "" : ", ", value,
                         sql::engine_type(sql::type_of(field)));
  }
  return fmt::format("SELECT {} FROM ({}) AS \"answer\"({})", items, sql, names);
}

}  // namespace

struct Queries::Plan {
  explicit Plan(Tables& tables) : tables(tables) {}
  FoundTables tables;
  sql::Translated translated;
  duck::Values values;
  std::vector<engine::NamedTable> relations;
  std::string question;  ///< equal for equal answers; empty: nobody may be given this one again
  QueryOutcome outcome;
};

std::string_view name_of(StatementKind kind) {
  switch (kind) {
      // clang-format off
    case StatementKind::select: return "SELECT";
    case StatementKind::insert: return "INSERT";
    case StatementKind::update: return "UPDATE";
    case StatementKind::remove: return "DELETE";
    case StatementKind::merge: return "MERGE";
    case StatementKind::truncate: return "TRUNCATE_TABLE";
    case StatementKind::create_table: return "CREATE_TABLE";
    case StatementKind::create_table_as_select: return "CREATE_TABLE_AS_SELECT";
    case StatementKind::create_view: return "CREATE_VIEW";
    case StatementKind::drop_table: return "DROP_TABLE";
    case StatementKind::drop_view: return "DROP_VIEW";
    case StatementKind::alter_table_add_column: return "ALTER_TABLE";
    case StatementKind::create_schema: return "CREATE_SCHEMA";
    case StatementKind::drop_schema: return "DROP_SCHEMA";
      // clang-format on
  }
  return "SELECT";
}

Result<Queries::Plan> Queries::plan_of(const QueryRequest& request) {
  Plan plan(world_.tables);
  sql::TranslateOptions options;
  options.default_project =
      request.default_project.empty() ? request.project : request.default_project;
  options.default_dataset = request.default_dataset;
  options.session_user = request.user;
  for (const QueryParameter& parameter : request.parameters) {
    options.parameters.push_back({parameter.type});
  }
  BL_TRY(plan.translated, sql::translate(request.text, options, plan.tables));
  const sql::Translated& made = plan.translated;
  for (const sql::ParameterUse& use : made.parameters) {
    BL_TRY(duck::Value value, engine_value(request.parameters[use.index]));
    plan.values.push_back(std::move(value));
  }
  QueryOutcome& outcome = plan.outcome;
  outcome.kind = made.kind;
  if (!is_dml(made.kind)) outcome.schema = made.schema;
  if (made.target) outcome.target = made.target;
  if (made.ddl) outcome.target = made.ddl->name;
  std::string tables;
  for (const sql::UsedTable& used : made.tables) {
    const OpenTable& table = plan.tables.at(used.name);
    const lake::Snapshot snapshot = table.snapshot();
    outcome.bytes_processed += bytes_of(snapshot);
    outcome.tables.push_back(used.name);
    tables += fmt::format("{}.{}.{}.{};", table.record().id, table.record().version, snapshot.id(),
                          snapshot.rows());
    if (!is_dml(made.kind)) {
      plan.relations.push_back(relation_of(used, table.record().schema, snapshot));
    }
  }
  if (made.kind == StatementKind::select && !is_volatile(made.sql)) {
    plan.question = fmt::format("{}\n{}", tables, made.sql);
    for (const sql::ParameterUse& use : made.parameters) {
      plan.question += "\n" + json::to_text(request.parameters[use.index].value);
    }
  }
  return plan;
}

engine::QueryLimits Queries::limits_of(const QueryRequest& request) const {
  engine::QueryLimits limits;
  limits.time_max = limits_.time_max;
  if (request.time_max.count() > 0) limits.time_max = std::min(request.time_max, limits.time_max);
  limits.rows_max = std::numeric_limits<std::int64_t>::max();  // Results have limits of their own
  limits.bytes_max = std::numeric_limits<std::uint64_t>::max();
  return limits;
}

Result<std::unique_ptr<engine::Cursor>> Queries::start(
    const QueryRequest& request, const Plan& plan, std::string sql,
    std::shared_ptr<engine::QueryControl> control) {
  return world_.engine.run({.sql = std::move(sql),
                            .parameters = plan.values,
                            .tables = plan.relations,
                            .limits = limits_of(request),
                            .control = std::move(control)});
}

QueryResultHandle Queries::cached(const std::string& question) {
  const std::lock_guard lock(mutex_);
  const auto found = std::ranges::find(cached_, question, &CachedAnswer::question);
  if (found == cached_.end()) return nullptr;
  cached_.splice(cached_.begin(), cached_, found);
  return found->rows;
}

void Queries::remember(std::string question, QueryResultHandle rows) {
  const std::lock_guard lock(mutex_);
  std::erase_if(cached_, [&](const CachedAnswer& one) { return one.question == question; });
  cached_.push_front({std::move(question), std::move(rows)});
  if (cached_.size() > limits_.cached_max) cached_.pop_back();
}

Result<QueryOutcome> Queries::plan(const QueryRequest& request) {
  BL_TRY(Plan plan, plan_of(request));
  return std::move(plan.outcome);
}

Result<void> Queries::select(const QueryRequest& request, Plan& plan,
                             std::shared_ptr<engine::QueryControl> control) {
  if (request.use_cache && !plan.question.empty()) {
    const QueryResultHandle known = cached(plan.question);
    // As old as its file may be; a little before it goes, it is asked anew.
    if (known != nullptr && world_.results.find(known->id()).ok()) {
      plan.outcome.rows = known;
      plan.outcome.cache_hit = true;
      return {};
    }
  }
  const TableSchema& schema = plan.outcome.schema;
  BL_TRY(const columns::Schema columns, lake_schema_of(schema));
  BL_TRY(const auto cursor,
         start(request, plan, lake_answer(plan.translated.sql, schema), std::move(control)));
  BL_TRY(const auto writer, world_.results.begin(schema));
  while (true) {
    BL_TRY(const auto batch, cursor->next());
    if (!batch) break;
    BL_TRY(const columns::Batch rows, lake_rows(*batch, columns));
    BL_RETURN_IF_ERROR(writer->add(rows));
  }
  BL_TRY(plan.outcome.rows, writer->finish());
  if (!plan.question.empty()) remember(std::move(plan.question), plan.outcome.rows);
  return {};
}

Result<void> Queries::fill(const QueryRequest& request, Plan& plan, const Destination& destination,
                           std::shared_ptr<engine::QueryControl> control) {
  const TableSchema& answer = plan.translated.schema;
  BL_TRY(const TableSchema schema, target_schema(world_.tables, destination, answer));
  BL_TRY(const auto sink, RowSink::open(world_.tables, destination, schema, limits_.sink));
  BL_TRY(const std::string sql, as_table(plan.translated.sql, answer, sink->schema()));
  BL_TRY(const columns::Schema columns, lake_schema_of(sink->schema()));
  BL_TRY(const auto cursor,
         start(request, plan, lake_answer(sql, sink->schema()), std::move(control)));
  std::unique_ptr<ResultWriter> writer;
  if (plan.translated.kind == StatementKind::select) {
    BL_TRY(writer, world_.results.begin(sink->schema()));
  }
  while (true) {
    BL_TRY(const auto batch, cursor->next());
    if (!batch) break;
    BL_TRY(const columns::Batch rows, lake_rows(*batch, columns));
    BL_RETURN_IF_ERROR(sink->add(rows));
    if (writer != nullptr) BL_RETURN_IF_ERROR(writer->add(rows));
  }
  BL_RETURN_IF_ERROR(sink->commit(request.key));
  if (writer == nullptr) return {};
  plan.outcome.schema = sink->schema();
  BL_TRY(plan.outcome.rows, writer->finish());
  return {};
}

Result<void> Queries::define(const QueryRequest& request, Plan& plan,
                             std::shared_ptr<engine::QueryControl> control) {
  const sql::Ddl& ddl = *plan.translated.ddl;
  QueryOutcome& outcome = plan.outcome;
  outcome.schema = {};
  if (plan.translated.kind != StatementKind::create_table_as_select) {
    BL_TRY(outcome.ddl_operation, bigquery::define(world_.tables, plan.translated.kind, ddl));
    return {};
  }
  const auto found = world_.tables.find(ddl.name);
  if (found.ok() && ddl.if_not_exists) {
    outcome.ddl_operation = "SKIP";
    return {};
  }
  if (found.ok() && !ddl.or_replace) {
    return Error{Code::conflict, fmt::format("Already Exists: Table {}:{}.{}", ddl.name.project,
                                             ddl.name.dataset, ddl.name.table)};
  }
  TableRecord record;
  BL_RETURN_IF_ERROR(put_options(ddl, record));
  const Destination destination{
      .name = ddl.name,
      .write = ddl.or_replace ? WriteDisposition::truncate : WriteDisposition::empty,
      .properties = record.properties,
      .expires = record.expires,
      .keeps_properties = false};
  plan.translated.schema = ddl.schema;
  BL_RETURN_IF_ERROR(fill(request, plan, destination, std::move(control)));
  outcome.ddl_operation = found.ok() ? "REPLACE" : "CREATE";
  return {};
}

Result<QueryOutcome> Queries::run(const QueryRequest& request,
                                  std::shared_ptr<engine::QueryControl> control) {
  BL_TRY(Plan plan, plan_of(request));
  const StatementKind kind = plan.translated.kind;
  if (control->is_cancelled()) return Error{Code::cancelled, "the query was cancelled"};
  if (!request.may_write && (kind != StatementKind::select || request.destination)) {
    return Error{Code::forbidden,
                 fmt::format("Access Denied: {} needs the role writer", name_of(kind))};
  }
  if (request.destination && kind != StatementKind::select) {
    return Error{
        Code::invalid,
        fmt::format("Cannot set destination table in jobs with {} statements", name_of(kind))};
  }
  if (is_dml(kind)) {
    BL_TRY(plan.outcome.changed,
           apply_changes(plan.translated, plan.values, world_.tables, world_.engine,
                         limits_of(request), std::move(control)));
  } else if (plan.translated.ddl) {
    BL_RETURN_IF_ERROR(define(request, plan, std::move(control)));
  } else if (request.destination) {
    BL_RETURN_IF_ERROR(fill(request, plan, *request.destination, std::move(control)));
  } else {
    BL_RETURN_IF_ERROR(select(request, plan, std::move(control)));
  }
  return std::move(plan.outcome);
}

}  // namespace bl::bigquery
