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

Result<void> remember(Connection& connection, const Migration& migration, Dialect dialect) {
  const std::string sha256 = sha256_hex(text_of(migration, dialect));
  BL_RETURN_IF_ERROR(connection.execute(
      k_insert, {std::int64_t{migration.number}, migration.name, std::string_view(sha256)}));
  return {};
}

Result<void> apply_in_transaction(const Migration& migration, Dialect dialect,
                                  const MigrationDriver& driver) {
  return driver.transaction([&](Connection& connection) -> Result<void> {
    BL_RETURN_IF_ERROR(driver.script(connection, text_of(migration, dialect)));
    return remember(connection, migration, dialect);
  });
}

/// `create index concurrently if not exists NAME on ...` -> NAME. Another form is our mistake.
std::string index_of(std::string_view statement) {
  constexpr std::string_view k_before = "index concurrently if not exists ";
  const std::size_t begin = statement.find(k_before);
  BL_CHECK(begin != std::string_view::npos);
  const std::string_view rest = statement.substr(begin + k_before.size());
  return std::string(rest.substr(0, rest.find(' ')));
}

/// The index with its schema when it is there and cannot be used: a build of it was interrupted.
Result<std::string> invalid_index(const std::string& name, const MigrationDriver& driver) {
  static const Sql k_invalid("SELECT ''",
                             "SELECT format('%I.%I', n.nspname, c.relname)"
                             " FROM pg_catalog.pg_index i"
                             " JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid"
                             " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
                             " WHERE NOT i.indisvalid AND c.relname = $1"
                             " AND n.nspname IN ('public', 'benchlake')");
  std::string found;
  BL_RETURN_IF_ERROR(driver.transaction([&](Connection& connection) {
    return connection.query(k_invalid, {std::string_view(name)}, [&](const Row& row) {
      found = row.text(0);
      return true;
    });
  }));
  return found;
}

Result<void> build_index(std::string_view statement, const MigrationDriver& driver) {
  const std::string name = index_of(statement);
  BL_TRY(const std::string broken, invalid_index(name, driver));
  if (!broken.empty()) BL_RETURN_IF_ERROR(driver.alone("drop index concurrently " + broken));
  BL_RETURN_IF_ERROR(driver.alone(statement));
  BL_TRY(const std::string still_broken, invalid_index(name, driver));
  if (still_broken.empty()) return {};
  return Error(Code::conflict, "the index could not be built: " + still_broken);
}

Result<void> build_indexes(const Migration& migration, const MigrationDriver& driver) {
  std::string_view rest = migration.postgres;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(';'), rest.size());
    const std::string_view statement = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (statement.find_first_not_of(" \n\t") == std::string_view::npos) continue;
    BL_RETURN_IF_ERROR(build_index(statement, driver));
  }
  return driver.transaction(
      [&](Connection& connection) { return remember(connection, migration, Dialect::postgres); });
}

Result<void> apply(const Migration& migration, Dialect dialect, const MigrationDriver& driver) {
  const bool is_concurrent =
      migration.kind == Migration::Kind::concurrent_indexes && dialect == Dialect::postgres;
  auto outcome = is_concurrent ? build_indexes(migration, driver)
                               : apply_in_transaction(migration, dialect, driver);
  if (outcome.ok()) return {};
  return std::move(outcome).error().with_context(
      fmt::format("migration {} {}", migration.number, migration.name));
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
