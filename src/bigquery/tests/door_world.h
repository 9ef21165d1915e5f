#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <string>

#include "base/testing/temporary_folder.h"
#include "bigquery/catalog/names.h"
#include "bigquery/json_rows.h"
#include "bigquery/lake_schema.h"
#include "bigquery/tables.h"
#include "store/both_dialects.h"
#include "store/open.h"
#include "store/testing/postgres_server.h"

#define ASSERT_OK(result)                                                 \
  do {                                                                    \
    const auto& done_ = (result);                                         \
    ASSERT_TRUE(done_.ok()) << (done_.ok() ? "" : done_.error().message); \
  } while (false)

namespace bl::bigquery {

/// A store and a lake of real parts in a folder of their own, and the tables over them;
/// BL_TEST_STORE=postgres puts the store into a database of its own there.
struct DoorWorld {
  /// `there`: a folder that another process's DoorWorld left; else a new one.
  explicit DoorWorld(std::string there = {})
      : place(there.empty() ? folder.path() : std::move(there)) {
    const char* wanted = std::getenv("BL_TEST_STORE");
    if (wanted != nullptr && std::string_view(wanted) == "postgres") {
      postgres = store::testing::PostgresServer::shared().create_database();
    }
    auto opened = store::open_database(postgres.empty()
                                           ? "sqlite://" + place + "/store.db"
                                           : store::testing::PostgresServer::shared().uri(postgres),
                                       {}, log, metrics);
    BL_CHECK(opened.ok());
    database = *std::move(opened);
    for (store::Migration step : table_migrations()) {
      step.number = 1;
      BL_CHECK(database->migrate(std::span(&step, 1)).ok());
    }
    open();
  }
  ~DoorWorld() {
    close();
    database.reset();
    if (!postgres.empty()) store::testing::PostgresServer::shared().drop_database(postgres);
  }

  Result<std::unique_ptr<lake::Lake>> open_lake() {
    lake::LakeOptions options;
    options.folder = place + "/lake";
    options.objects = place + "/objects";
    options.catalog = "sqlite://" + place + "/catalog.sqlite";
    options.housekeeping = false;
    return lake::Lake::open(options, {*disk, clock, random, log, metrics});
  }
  void open() {
    auto opened = open_lake();
    if (!opened.ok()) ADD_FAILURE() << opened.error().message;
    BL_CHECK(opened.ok());
    lake = *std::move(opened);
    auto made = Tables::open({*database, *lake, clock, log});
    if (!made.ok()) ADD_FAILURE() << made.error().message;
    BL_CHECK(made.ok());
    tables = *std::move(made);
  }
  void close() {
    tables.reset();
    lake.reset();
  }
  void reopen() {
    close();
    open();
  }

  /// As if the process had done this much and died. Marks of store/both_dialects.h work.
  void run_sql(std::string_view marked) {
    const std::string sql = store::in_dialect(marked, database->dialect());
    const auto done = database->write([&](store::Connection& connection) {
      return connection.query_text(sql, {}, [](const store::Row&) { return true; });
    });
    BL_CHECK(done.ok());
  }
  /// Names of the lake's tables.
  std::vector<std::string> in_lake() const {
    std::vector<std::string> names;
    for (const auto& table : lake->tables()) names.push_back(table->name());
    return names;
  }

  ManualClock clock{Timestamp::from_seconds(1'722'513'600)};
  SystemRandom random;
  Metrics metrics;
  Log log{clock, LogLevel::error, [](std::string_view) {}};
  TemporaryFolder folder{TemporaryFolder::Place::memory, "door"};
  const std::string place;
  std::unique_ptr<Disk> disk = make_real_disk();
  std::string postgres;  ///< the database's name; empty: SQLite
  std::unique_ptr<store::Database> database;
  std::unique_ptr<lake::Lake> lake;
  std::unique_ptr<Tables> tables;
};

/// `[{"name":...}]` or `{"fields":[...]}`.
inline TableSchema schema_from(std::string_view json_text) {
  json::Value value = json::parse(json_text).value();
  if (value.is_array()) value = json::Value::object({{"fields", std::move(value)}});
  auto schema = schema_from_json(value);
  if (!schema.ok()) ADD_FAILURE() << schema.error().message;
  return *std::move(schema);
}

/// Rows that are all good, from JSON objects with lines between.
inline columns::Batch batch_of(const TableSchema& schema, std::string_view ndjson) {
  auto rows = rows_from_ndjson(schema, ndjson);
  BL_CHECK(rows.ok());
  for (const RowFault& fault : rows->faults) ADD_FAILURE() << fault.location << fault.message;
  return rows->batch;
}

}  // namespace bl::bigquery
