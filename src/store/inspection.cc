#include "store/inspection.h"

#include "base/hash.h"

namespace bl::store {
namespace {

struct Applied {
  std::int64_t number = 0;
  std::string name;
  std::string sha256;
};

/// Empty also when the table of migrations is not there yet.
Result<std::vector<Applied>> read_applied(Database& database) {
  static constexpr Sql k_has_table(
      "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'bl_migration'",
      "SELECT count(*) FROM pg_catalog.pg_tables"
      " WHERE schemaname = 'benchlake' AND tablename = 'migration'");
  static constexpr Sql k_list("SELECT number, name, sha256 FROM bl_migration ORDER BY number",
                              "SELECT number, name, sha256 FROM benchlake.migration"
                              " ORDER BY number");
  std::vector<Applied> applied;
  BL_RETURN_IF_ERROR(database.read([&](Connection& connection) -> Result<void> {
    applied.clear();
    bool has_table = false;
    BL_RETURN_IF_ERROR(connection.query(k_has_table, {}, [&](const Row& row) {
      has_table = row.integer(0) > 0;
      return true;
    }));
    if (!has_table) return {};
    return connection.query(k_list, {}, [&](const Row& row) {
      applied.push_back({row.integer(0), std::string(row.text(1)), std::string(row.text(2))});
      return true;
    });
  }));
  return applied;
}

MigrationStep step_of(const Applied& applied, std::span<const Migration> migrations,
                      Dialect dialect) {
  using State = MigrationStep::State;
  const bool is_known =
      applied.number >= 1 && applied.number <= static_cast<std::int64_t>(migrations.size());
  if (!is_known) return {applied.number, applied.name, State::unknown};
  const Migration& ours = migrations[static_cast<std::size_t>(applied.number) - 1];
  const std::string_view text = dialect == Dialect::sqlite ? ours.sqlite : ours.postgres;
  const bool is_same = sha256_hex(text) == applied.sha256;
  return {applied.number, applied.name, is_same ? State::applied : State::changed};
}

}  // namespace

const char* name_of(MigrationStep::State state) {
  switch (state) {
    case MigrationStep::State::applied:
      return "applied";
    case MigrationStep::State::missing:
      return "missing";
    case MigrationStep::State::changed:
      return "changed";
    case MigrationStep::State::unknown:
      break;
  }
  return "unknown";
}

Result<std::vector<MigrationStep>> plan_migrations(Database& database,
                                                   std::span<const Migration> migrations) {
  BL_TRY(const std::vector<Applied> applied, read_applied(database));
  std::vector<MigrationStep> steps;
  for (const Applied& step : applied)
    steps.push_back(step_of(step, migrations, database.dialect()));
  for (const Migration& migration : migrations.subspan(std::min(applied.size(), migrations.size())))
    steps.push_back({migration.number, std::string(migration.name), MigrationStep::State::missing});
  return steps;
}

Result<std::vector<TableRows>> count_rows(Connection& connection) {
  static constexpr Sql k_tables(
      "SELECT name, 'SELECT count(*) FROM \"' || name || '\"' FROM sqlite_schema"
      " WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name",
      "SELECT schemaname || '.' || tablename,"
      " format('SELECT count(*) FROM %I.%I', schemaname, tablename)"
      " FROM pg_catalog.pg_tables WHERE schemaname IN ('public', 'benchlake') ORDER BY 1");
  std::vector<TableRows> counted;
  std::vector<std::string> statements;
  BL_RETURN_IF_ERROR(connection.query(k_tables, {}, [&](const Row& row) {
    counted.push_back({std::string(row.text(0)), 0});
    statements.emplace_back(row.text(1));
    return true;
  }));
  for (std::size_t i = 0; i < statements.size(); ++i) {
    BL_RETURN_IF_ERROR(connection.query_text(statements[i], {}, [&](const Row& row) {
      counted[i].rows = row.integer(0);
      return true;
    }));
  }
  return counted;
}

Result<std::vector<TableRows>> count_rows(Database& database) {
  std::vector<TableRows> counted;
  BL_RETURN_IF_ERROR(database.read([&](Connection& connection) -> Result<void> {
    BL_TRY(counted, count_rows(connection));
    return {};
  }));
  return counted;
}

}  // namespace bl::store
