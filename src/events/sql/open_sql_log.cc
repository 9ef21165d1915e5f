#include <fmt/format.h>

#include "base/hash.h"
#include "base/numbers.h"
#include "events/sql/schema.h"
#include "events/sql/sql_log.h"
#include "store/open.h"
#include "store/read_only.h"
#include "store/sqlite_file.h"

namespace bl::events {
namespace {

using store::Connection;
using store::Database;
using store::Row;

store::DatabaseLimits limits_of(const LogUri& uri) {
  store::DatabaseLimits limits;
  // One append is one transaction, of up to EventLog::k_append_max events; others wait for it.
  limits.write_ms_max = 300'000;
  limits.lock_ms_max = 30'000;
  limits.writers = 2;  // the appends go one by one; the other one looks up what became of a COMMIT
  if (!uri.is_synchronous) limits.synchronous = store::DatabaseLimits::Synchronous::normal;
  return limits;
}

Result<std::unique_ptr<Database>> open_database(const LogUri& uri, const LogWorld& world) {
  const store::DatabaseLimits limits = limits_of(uri);
  const bool is_file = uri.backend == LogUri::Backend::sqlite && uri.path != ":memory:";
  if (is_file && uri.mode == LogUri::Mode::read) {
    return store::open_sqlite_for_reading(uri.path, limits, world.metrics);
  }
  if (is_file && uri.is_shared) {
    return store::open_shared_sqlite(uri.path, limits, world.log, world.metrics);
  }
  BL_TRY(auto database, store::open_database(uri.database, limits, world.log, world.metrics));
  if (uri.mode != LogUri::Mode::read) return database;
  return store::make_read_only(std::move(database));
}

/// `bel_meta`: the version of the tables, and the log's own id, by which copies of it are known.
Result<void> write_meta(Database& database, const LogWorld& world) {
  std::array<std::byte, 16> bytes;
  world.random.fill(bytes);
  const std::string id = to_hex(bytes), version = std::to_string(k_sql_schema_version);
  return database.write([&](Connection& connection) -> Result<void> {
    const store::Sql insert =
        "insert into bel_meta (key, value) values ($1, $2) on conflict do nothing";
    using View = std::string_view;
    BL_RETURN_IF_ERROR(connection.execute(insert, {View("log_id"), View(id)}));
    BL_RETURN_IF_ERROR(connection.execute(insert, {View("schema_version"), View(version)}));
    return {};
  });
}

/// Is there a log at all? For a database that is only read.
Result<void> demand_tables(Database& database, const LogUri& uri) {
  bool is_there = false;
  BL_RETURN_IF_ERROR(database.read([&](Connection& connection) {
    return connection.query(
        store::Sql("select 1 from sqlite_schema where type = 'table' and name = 'bel_meta'",
                   "select 1 from pg_catalog.pg_class as c join pg_catalog.pg_namespace as n on"
                   " n.oid = c.relnamespace where n.nspname = 'public' and c.relname = 'bel_meta'"),
        {}, [&](const Row&) { return is_there = true; });
  }));
  if (is_there) return {};
  return Error(Code::not_found, "there is no event log in the database: " + uri.shown);
}

Result<std::string> read_meta(Database& database, const LogUri& uri) {
  std::string id;
  std::int64_t version = 0;
  BL_RETURN_IF_ERROR(database.read([&](Connection& connection) {
    return connection.query("select key, value from bel_meta", {}, [&](const Row& row) {
      if (row.text(0) == "log_id") id = row.text(1);
      if (row.text(0) == "schema_version") version = parse_int64(row.text(1)).value_or(0);
      return true;
    });
  }));
  if (version > k_sql_schema_version) {
    return Error(Code::unsupported,
                 fmt::format("not supported: an event log of schema version {}, this program reads "
                             "up to {}: {}",
                             version, k_sql_schema_version, uri.shown));
  }
  return id;
}

}  // namespace

Result<std::unique_ptr<EventLog>> open_sql_log(const LogUri& uri, const LogWorld& world) {
  BL_TRY(auto database, open_database(uri, world));
  if (uri.mode == LogUri::Mode::read) {
    BL_RETURN_IF_ERROR(demand_tables(*database, uri));
  } else {
    if (auto migrated = database->migrate(log_migrations()); !migrated.ok()) {
      return std::move(migrated).error().with_context(
          "the event log, which has a database of its "
          "own, " +
          uri.shown);
    }
    BL_RETURN_IF_ERROR(write_meta(*database, world));
  }
  BL_TRY(const std::string id, read_meta(*database, uri));
  return std::unique_ptr<EventLog>(
      std::make_unique<SqlLog>(std::move(database), uri, id, world, SqlLogLimits{}));
}

}  // namespace bl::events
