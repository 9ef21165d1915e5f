#include "ops/migration_plan.h"

#include <algorithm>

#include "store/conbench_schema.h"

namespace bl::ops {
namespace {

constexpr std::int64_t k_index_row_bytes = 100;  // an id or an address, a time, and the rest

// The words after each `before` in a script, up to a blank or a bracket.
std::vector<std::string> words_after(std::string_view script, std::string_view before) {
  std::vector<std::string> words;
  for (std::size_t at = script.find(before); at != std::string_view::npos;
       at = script.find(before, at + 1)) {
    const std::string_view rest = script.substr(at + before.size());
    words.emplace_back(rest.substr(0, rest.find_first_of(" (;\n")));
  }
  return words;
}

std::int64_t rows_of(const MigrationPlan& plan, const std::string& table) {
  for (const auto& one : plan.tables) {
    if (one.name == table) return one.rows;
  }
  return 0;
}

void add_step(const store::Migration& migration, MigrationPlan& plan) {
  for (std::string& name : words_after(migration.postgres, "create table benchlake."))
    plan.added_tables.push_back("benchlake." + std::move(name));
  if (migration.kind != store::Migration::Kind::concurrent_indexes) return;
  const auto names = words_after(migration.postgres, "index concurrently if not exists ");
  const auto tables = words_after(migration.postgres, " on ");
  for (std::size_t i = 0; i < std::min(names.size(), tables.size()); ++i) {
    std::string table = tables[i].substr(tables[i].find('.') + 1);
    std::erase(table, '"');
    plan.indexes.push_back({names[i], table, rows_of(plan, table) * k_index_row_bytes});
  }
}

}  // namespace

Result<MigrationPlan> plan_of(store::Database& database,
                              const std::vector<store::Migration>& migrations,
                              const std::vector<store::MigrationStep>& steps) {
  MigrationPlan plan;
  if (database.dialect() == store::Dialect::sqlite) return plan;
  BL_RETURN_IF_ERROR(database.read([&](store::Connection& connection) -> Result<void> {
    plan = {};
    BL_TRY(const store::ConbenchSchema schema, store::recognise_conbench(connection));
    plan.schema = store::name_of(schema.kind);
    if (!schema.version.empty()) plan.schema += " " + schema.version;
    return connection.query(
        "select c.relname, greatest(c.reltuples, 0)::bigint, pg_total_relation_size(c.oid) from "
        "pg_catalog.pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in "
        "('r', 'p') order by 3 desc, 1",
        {}, [&](const store::Row& row) {
          plan.tables.push_back({std::string(row.text(0)), row.integer(1), row.integer(2)});
          return true;
        });
  }));
  for (const store::MigrationStep& step : steps) {
    if (step.state != store::MigrationStep::State::missing) continue;
    for (const store::Migration& migration : migrations) {
      if (migration.number == step.number) add_step(migration, plan);
    }
  }
  return plan;
}

}  // namespace bl::ops
