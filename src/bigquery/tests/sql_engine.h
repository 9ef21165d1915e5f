#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bigquery/googlesql.h"
#include "bigquery/sql/parser.h"
#include "bigquery/sql/types.h"
#include "columns/batch.h"
#include "columns/cell_json.h"
#include "duck/database.h"

/// GoogleSQL against a real engine: tables by their schemas, queries by what they answer.
namespace bl::bigquery::sql {

class MemoryTables final : public TableSource {
 public:
  Result<TableInfo> find(const TableName& name) override {
    const auto found = tables.find(name);
    if (found != tables.end()) return found->second;
    return Error{Code::not_found,
                 "Not found: Table " + name.project + ":" + name.dataset + "." + name.table};
  }
  std::map<TableName, TableInfo> tables;
};

class SqlTest : public ::testing::Test {
 protected:
  void SetUp() override {
    options_.default_project = "p";
    options_.default_dataset = "d";
    run("SET timezone = 'UTC'");
  }

  void run(const std::string& sql) {
    const auto done = connection_->run(sql);
    ASSERT_TRUE(done.ok()) << done.error().message << "\n" << sql;
  }

  /// `columns` as in CREATE TABLE; rows as INSERT has them. Its relation has a `__bl_row`.
  void make_table(const std::string& name, const std::string& columns,
                  const std::string& rows = "") {
    const auto made = translate("CREATE TABLE " + name + " (" + columns + ")", options_, tables_);
    ASSERT_TRUE(made.ok()) << made.error().message;
    tables_.tables[made->ddl->name] = {made->ddl->schema, ""};
    std::string sql = "CREATE TABLE \"p.d." + name + "\" (\"__bl_row\" BIGINT";
    for (const auto& field : made->ddl->schema.fields) {
      sql += ", " + engine_name(field.name) + " " + engine_type(type_of(field));
    }
    run(sql + ")");
    if (rows.empty()) return;
    const std::string counts = change("INSERT INTO " + name + " VALUES " + rows);
    ASSERT_EQ(counts.front(), 'I') << counts;
  }

  /// Applies DML as an executor does, and says what it did: `I1 U2 D3`.
  std::string change(const std::string& text) {
    const auto made = translate(text, options_, tables_);
    if (!made.ok()) return made.error().message;
    const std::string relation = engine_name(made->target->project + "." + made->target->dataset +
                                             "." + made->target->table);
    const auto done = connection_->run("CREATE OR REPLACE TEMP TABLE changes AS " + made->sql);
    if (!done.ok()) return done.error().message;
    const std::string counts = rows_of(
        "SELECT coalesce(string_agg(op || n, ' ' ORDER BY op), 'nothing') FROM "
        "(SELECT \"__bl_op\" AS op, count(*) AS n FROM changes GROUP BY ALL)");
    run("DELETE FROM " + relation + " WHERE \"__bl_row\" IN (SELECT \"__bl_row\" FROM changes)");
    run("INSERT INTO " + relation +
        " SELECT coalesce(\"__bl_row\", (SELECT coalesce(max(\"__bl_row\"), 0) FROM " + relation +
        ") + row_number() OVER ()), * EXCLUDE (\"__bl_op\", \"__bl_row\") FROM changes WHERE "
        "\"__bl_op\" <> 'D'");
    return counts;
  }

  /// `a,b;c,d`: rows by `;`, or the error.
  std::string rows_of(const std::string& engine_sql) {
    auto answer = connection_->query(engine_sql);
    if (!answer.ok()) return answer.error().message + "\n" + engine_sql;
    auto all = answer->all();
    if (!all.ok()) return all.error().message;
    std::string text;
    for (std::int64_t row = 0; row < all->rows(); ++row) {
      if (row > 0) text += ";";
      for (int i = 0; i < all->schema().columns(); ++i) {
        if (i > 0) text += ",";
        const auto& column = all->column(i);
        text +=
            column.is_null(row) ? "NULL" : std::string(column.as<std::string_view>().value()[row]);
      }
    }
    return text;
  }

  std::string answer(const std::string& text) {
    const auto made = translate(text, options_, tables_);
    if (!made.ok()) return made.error().message;
    return rows_of("SELECT CAST(COLUMNS(*) AS VARCHAR) FROM (" + made->sql + ") AS q");
  }
  std::string value(const std::string& expr) { return answer("SELECT " + expr); }
  std::string error_of(const std::string& text) {
    const auto made = translate(text, options_, tables_);
    return made.ok() ? "no error: " + made->sql : made.error().message;
  }
  std::string schema_of(const std::string& text) {
    const auto made = translate(text, options_, tables_);
    if (!made.ok()) return made.error().message;
    std::string out;
    for (const auto& field : made->schema.fields) {
      out += (out.empty() ? "" : ", ") + field.name + " " + name_of(type_of(field));
    }
    return out;
  }

  TranslateOptions options_;
  MemoryTables tables_;
  std::unique_ptr<duck::Database> database_ = duck::Database::open({}).value();
  std::unique_ptr<duck::Connection> connection_ = database_->connect().value();
};

}  // namespace bl::bigquery::sql
