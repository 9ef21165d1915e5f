#include "store/migrations.h"

#include <fmt/format.h>

#include "base/hash.h"

namespace bl::store {
namespace {

// A SQLite file that holds tables of somebody else. In PostgreSQL ours stand in a schema of their
// own, and Conbench's are ours to open.
const Sql k_foreign_table(
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND NOT "
    "EXISTS"
    " (SELECT 1 FROM sqlite_schema WHERE name = 'bl_migration') ORDER BY name LIMIT 1",
    "SELECT '' WHERE false");
const Sql k_create(
    "CREATE TABLE IF NOT EXISTS bl_migration ("
    " number INTEGER PRIMARY KEY, name TEXT NOT NULL, sha256 TEXT NOT NULL) STRICT",
    "CREATE TABLE IF NOT EXISTS benchlake.migration ("
    " number bigint PRIMARY KEY, name text NOT NULL, sha256 text NOT NULL)");
const Sql k_create_schema("SELECT 1", "CREATE SCHEMA IF NOT EXISTS benchlake");
const Sql k_list("SELECT number, name, sha256 FROM bl_migration ORDER BY number",
                 "SELECT number, name, sha256 FROM benchlake.migration ORDER BY number");
const Sql k_insert("INSERT INTO bl_migration (number, name, sha256) VALUES ($1, $2, $3)",
                   "INSERT INTO benchlake.migration (number, name, sha256) VALUES ($1, $2, $3)");

struct Applied {
  std::int64_t number = 0;
  std::string name;
  std::string sha256;
};

std::string_view text_of(const Migration& migration, Dialect dialect) {
  return dialect == Dialect::sqlite ? migration.sqlite : migration.postgres;
}

Result<std::vector<Applied>> read_applied(const MigrationDriver& driver) {
  std::vector<Applied> applied;
  const auto outcome = driver.transaction([&](Connection& connection) -> Result<void> {
    applied.clear();
    std::string foreign_table;
    BL_RETURN_IF_ERROR(connection.query(k_foreign_table, {}, [&](const Row& row) {
      foreign_table = row.text(0);
      return true;
    }));
    if (!foreign_table.empty()) {
      return Error(Code::conflict,
                   "the database belongs to another program; it has the table: " + foreign_table);
    }
    BL_RETURN_IF_ERROR(connection.execute(k_create_schema, {}));
    BL_RETURN_IF_ERROR(connection.execute(k_create, {}));
    return connection.query(k_list, {}, [&](const Row& row) {
      applied.push_back({row.integer(0), std::string(row.text(1)), std::string(row.text(2))});
      return true;
    });
  });
  if (!outcome.ok()) return outcome.error();
  return applied;
}

Result<void> check_applied(const std::vector<Applied>& applied,
                           std::span<const Migration> migrations, Dialect dialect) {
  for (std::size_t i = 0; i < applied.size(); ++i) {
    const Applied& step = applied[i];
    if (i >= migrations.size()) {
      const Applied& newest = applied.back();
      return Error(
          Code::conflict,
          fmt::format("the database is newer than this program, which knows {} migrations: {} {}",
                      migrations.size(), newest.number, newest.name));
    }
    if (step.number != static_cast<std::int64_t>(i) + 1) {
      return Error(Code::corrupt,
                   fmt::format("migrations are missing before {} {}", step.number, step.name));
    }
    const std::string expected = sha256_hex(text_of(migrations[i], dialect));
    if (step.sha256 != expected) {
      return Error(
          Code::conflict,
          fmt::format("migration {} of this program is {} with checksum {}, the database has {} {}",
                      step.number, migrations[i].name, expected, step.name, step.sha256));
    }
  }
  return {};
}

Result<void> apply(const Migration& migration, Dialect dialect, const MigrationDriver& driver) {
  const std::string_view text = text_of(migration, dialect);
  const std::string sha256 = sha256_hex(text);
  auto outcome = driver.transaction([&](Connection& connection) -> Result<void> {
    BL_RETURN_IF_ERROR(driver.script(connection, text));
    BL_RETURN_IF_ERROR(connection.execute(
        k_insert, {std::int64_t{migration.number}, migration.name, std::string_view(sha256)}));
    return {};
  });
  if (!outcome.ok()) {
    return std::move(outcome).error().with_context(
        fmt::format("migration {} {}", migration.number, migration.name));
  }
  return {};
}

}  // namespace

Result<void> apply_migrations(std::span<const Migration> migrations, Dialect dialect,
                              const MigrationDriver& driver) {
  for (std::size_t i = 0; i < migrations.size(); ++i) {
    BL_CHECK(migrations[i].number == static_cast<int>(i) + 1);
  }
  BL_TRY(const std::vector<Applied> applied, read_applied(driver));
  BL_RETURN_IF_ERROR(check_applied(applied, migrations, dialect));
  for (const Migration& migration : migrations.subspan(applied.size())) {
    BL_RETURN_IF_ERROR(apply(migration, dialect, driver));
  }
  return {};
}

}  // namespace bl::store
