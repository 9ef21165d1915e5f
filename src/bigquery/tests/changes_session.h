#pragma once

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <string>
#include <vector>

#include "bigquery/changes.h"
#include "bigquery/jobs/relations.h"
#include "bigquery/tests/door_world.h"
#include "engine/duck_engine.h"

/// GoogleSQL over real tables of a lake: what a client's statement does.
namespace bl::bigquery {

class SourceOfTables final : public sql::TableSource {
 public:
  explicit SourceOfTables(Tables& tables) : tables_(tables) {}
  Result<sql::TableInfo> find(const TableName& name) override {
    BL_TRY(const TableHandle table, tables_.find(name));
    return sql::TableInfo{table->record().schema, table->record().view_query};
  }

 private:
  Tables& tables_;
};

/// Threads: any.
class ChangesSession {
 public:
  ChangesSession(Tables& tables, lake::Lake& lake, Metrics& metrics)
      : tables_(tables), engine_(engine::open_duck_engine(lake.store(), metrics, {}).value()) {}

  Result<sql::Translated> translated(const std::string& text) {
    SourceOfTables source(tables_);
    sql::TranslateOptions options;
    options.default_project = "p";
    options.default_dataset = "d";
    return sql::translate(text, options, source);
  }
  /// Applies what was translated before.
  Result<Changed> apply(const sql::Translated& statement, const ChangeLimits& limits = {},
                        std::shared_ptr<engine::QueryControl> control = nullptr) {
    return apply_changes(statement, {}, tables_, *engine_, {.time_max = std::chrono::seconds(120)},
                         std::move(control), limits);
  }
  Result<Changed> try_change(const std::string& text, const ChangeLimits& limits = {}) {
    BL_TRY(const sql::Translated statement, translated(text));
    return apply(statement, limits);
  }
  /// `I1 U2 D3`, or the error.
  std::string change(const std::string& text, const ChangeLimits& limits = {}) {
    const auto done = try_change(text, limits);
    if (!done.ok()) return std::string(name_of(done.error().code)) + ": " + done.error().message;
    return "I" + std::to_string(done->inserted) + " U" + std::to_string(done->updated) + " D" +
           std::to_string(done->deleted);
  }

  Result<columns::Batch> ask(const std::string& text) {
    BL_TRY(const sql::Translated query, translated(text));
    BL_TRY(const columns::Schema schema, lake_schema_of(query.schema));
    engine::Query wanted{.sql = lake_answer(query.sql, query.schema),
                         .limits = {.time_max = std::chrono::seconds(120), .rows_max = 1 << 22}};
    std::vector<TableHandle> held;
    for (const sql::UsedTable& used : query.tables) {
      BL_TRY(held.emplace_back(), tables_.find(used.name));
      const OpenTable& table = *held.back();
      wanted.tables.push_back(relation_of(used, table.record().schema, table.snapshot()));
    }
    BL_TRY(const auto cursor, engine_->run(std::move(wanted)));
    std::vector<columns::Batch> batches{columns::Batch::empty(schema)};
    while (true) {
      BL_TRY(const auto batch, cursor->next());
      if (!batch) break;
      BL_TRY(batches.emplace_back(columns::Batch::empty(schema)), lake_rows(*batch, schema));
    }
    return columns::concatenate(batches);
  }
  /// The texts of a query's only column, in order of texts.
  std::vector<std::string> texts(const std::string& text) {
    const auto rows = ask(text);
    if (!rows.ok()) {
      ADD_FAILURE() << rows.error().message;
      return {};
    }
    std::vector<std::string> out;
    const auto column = rows->column(0).as<std::string_view>().value();
    for (std::int64_t i = 0; i < rows->rows(); ++i) {
      out.push_back(column.is_null(i) ? "NULL" : std::string(column[i]));
    }
    std::ranges::sort(out);
    return out;
  }

 private:
  Tables& tables_;
  std::unique_ptr<engine::Engine> engine_;
};

/// A table of dataset p.d.
inline TableHandle make_table(Tables& tables, const std::string& name, std::string_view schema) {
  DatasetRecord dataset{.project = "p", .dataset = "d"};
  dataset.properties = json::Value::object();
  (void)tables.create_dataset(dataset).ok();  // there already is fine
  TableRecord wanted;
  wanted.name = {"p", "d", name};
  wanted.schema = schema_from(schema);
  wanted.properties = json::Value::object();
  auto made = tables.create(std::move(wanted));
  if (!made.ok()) ADD_FAILURE() << made.error().message;
  BL_CHECK(made.ok());
  return *std::move(made);
}

}  // namespace bl::bigquery
