#include "store/conbench_schema.h"

#include <algorithm>
#include <array>
#include <set>

#include "base/numbers.h"

namespace bl::store {
namespace {

using Names = std::set<std::string, std::less<>>;
using Kind = ConbenchSchema::Kind;

// The head of the old program, and two revisions that its last years had on top.
constexpr std::array<std::string_view, 3> k_revisions = {"99895af5dae2", "9d5f3c1a7b2e",
                                                         "a6b7c8d9e0f1"};
// Those before the head, as far as they are known by name: who has one of them can go on.
constexpr std::array<std::string_view, 10> k_older_revisions = {
    "b8a3e65efb9d", "74182bab6a9f", "9bee3b519bf1", "167a97c81739", "afe717e97b78",
    "2ee66194b9eb", "dd6597846acf", "4eb17510d3e9", "fe3b1041ed15", "afc565181834"};
constexpr std::int64_t k_ledger_version_max = 2;

struct TableColumns {
  std::string_view table, columns;  // with blanks between
};
constexpr std::array<TableColumns, 7> k_tables = {{
    {"benchmark_result",
     "id case_id context_id run_id unit time_unit batch_id timestamp iterations min max mean "
     "median "
     "stdev q1 q3 iqr info_id error data times validation optional_benchmark_info "
     "change_annotations run_tags run_reason commit_id hardware_id commit_repo_url "
     "history_fingerprint"},
    {"case", "id name tags"},
    {"commit",
     "id sha parent repository message author_name author_login author_avatar timestamp branch "
     "fork_point_sha"},
    {"context", "id tags"},
    {"info", "id tags"},
    {"hardware",
     "id name architecture_name kernel_name os_name os_version cpu_model_name cpu_l1d_cache_bytes "
     "cpu_l1i_cache_bytes cpu_l2_cache_bytes cpu_l3_cache_bytes cpu_core_count cpu_thread_count "
     "cpu_frequency_max_hz memory_bytes gpu_count gpu_product_names type info optional_info hash"},
    {"user", "id email name password"},
}};
constexpr std::array<std::string_view, 5> k_added_tables = {
    "api_token", "cli_login_code", "alert_rule", "alert_event", "alert_delivery"};

const Sql k_tables_sql(
    "select ''",
    "select relname from pg_catalog.pg_class where relnamespace = 'public'::regnamespace "
    "and relkind in ('r', 'p', 'v', 'f')");
const Sql k_columns_sql("select '', ''",
                        "select c.relname, a.attname from pg_catalog.pg_class c "
                        "join pg_catalog.pg_attribute a on a.attrelid = c.oid "
                        "where c.relnamespace = 'public'::regnamespace and a.attnum > 0 "
                        "and not a.attisdropped and c.relkind in ('r', 'p', 'v', 'f')");
const Sql k_own_ledger_sql("select 1",
                           "select 1 where to_regclass('benchlake.migration') is not null");

Error refused(std::string what) {
  what.append("; this program opens ").append(supported_conbench_schemas());
  return {Code::conflict, std::move(what)};
}

Result<Names> texts(Connection& connection, const Sql& sql) {
  Names found;
  BL_RETURN_IF_ERROR(connection.query(sql, {}, [&](const Row& row) {
    found.emplace(row.text(0));
    return true;
  }));
  return found;
}

std::string joined(const Names& names) {
  std::string text;
  for (const std::string& name : names) {
    if (!text.empty()) text += ", ";
    text += name;
  }
  return text;
}

Result<std::string> alembic_revision(Connection& connection) {
  BL_TRY(const Names revisions,
         texts(connection, "select version_num from public.alembic_version"));
  if (revisions.empty()) return std::string();
  if (revisions.size() > 1) {
    return refused("the database has more than one Conbench revision: " + joined(revisions));
  }
  const std::string& revision = *revisions.begin();
  if (std::ranges::find(k_revisions, revision) != k_revisions.end()) return revision;
  if (std::ranges::find(k_older_revisions, revision) != k_older_revisions.end()) {
    return refused(
        "the database is at an older Conbench revision, and Conbench's own migrations "
        "bring it on: " +
        revision);
  }
  return refused("the database is at a Conbench revision that is newer or not known: " + revision);
}

// The two forms of ledger that the new Conbench has had.
Result<std::string> ledger_version(Connection& connection, const Names& tables) {
  std::optional<std::int64_t> newest;
  bool is_dirty = false;
  const auto look = [&](const Sql& sql) {
    return connection.query(sql, {}, [&](const Row& row) {
      newest = std::max(newest.value_or(0), row.integer(0));
      is_dirty = is_dirty || row.integer(1) != 0;
      return true;
    });
  };
  if (tables.contains("schema_migrations")) {
    BL_RETURN_IF_ERROR(look("select version, dirty::int from public.schema_migrations"));
  }
  if (tables.contains("conbench_schema_migration")) {
    BL_RETURN_IF_ERROR(look("select version, 0 from public.conbench_schema_migration"));
  }
  if (!newest) return std::string();
  const std::string version = std::to_string(*newest);
  if (is_dirty) {
    return refused(
        "a migration of Conbench was interrupted, and its ledger says dirty at version " + version);
  }
  if (*newest < 1 || *newest > k_ledger_version_max) {
    return refused("the database is at a version of the new Conbench that is not known: " +
                   version);
  }
  return version;
}

Result<void> demand_columns(Connection& connection, ConbenchSchema& schema) {
  std::set<std::pair<std::string, std::string>> columns;
  BL_RETURN_IF_ERROR(connection.query(k_columns_sql, {}, [&](const Row& row) {
    columns.emplace(row.text(0), row.text(1));
    return true;
  }));
  Names missing;
  for (const TableColumns& table : k_tables) {
    std::string_view rest = table.columns;
    while (!rest.empty()) {
      const std::string_view column = rest.substr(0, rest.find(' '));
      rest.remove_prefix(std::min(column.size() + 1, rest.size()));
      const std::pair name(std::string(table.table), std::string(column));
      if (!columns.contains(name)) missing.insert(name.first + "." + name.second);
    }
  }
  if (!missing.empty()) {
    return refused("the database looks like Conbench's and lacks columns: " + joined(missing));
  }
  const std::string facts(k_tables[0].table);
  schema.has_submission_key = columns.contains({facts, "submission_key"}) &&
                              columns.contains({facts, "submission_payload_sha256"});
  return {};
}

}  // namespace

const char* name_of(ConbenchSchema::Kind kind) {
  switch (kind) {
    case Kind::absent:
      return "absent";
    case Kind::legacy:
      return "legacy";
    case Kind::renewed:
      return "renewed";
    case Kind::self_created:
      return "self_created";
    case Kind::ours:
      break;
  }
  return "ours";
}

std::string_view supported_conbench_schemas() {
  return "Conbench's revisions 99895af5dae2, 9d5f3c1a7b2e and a6b7c8d9e0f1, the new Conbench's "
         "versions 1 and 2, and the same tables without a ledger";
}

Result<ConbenchSchema> recognise_conbench(Connection& connection) {
  ConbenchSchema schema;
  if (connection.dialect() == Dialect::sqlite) return schema;
  BL_TRY(const Names tables, texts(connection, k_tables_sql));
  std::string revision, version;
  if (tables.contains("alembic_version")) {
    BL_TRY(revision, alembic_revision(connection));
  }
  BL_TRY(version, ledger_version(connection, tables));
  Names missing;
  for (const TableColumns& table : k_tables) {
    if (!tables.contains(table.table)) missing.emplace(table.table);
  }
  BL_TRY(const Names own_ledger, texts(connection, k_own_ledger_sql));
  const bool has_ledger = !revision.empty() || !version.empty();
  if (missing.size() == k_tables.size() && !has_ledger) return schema;
  if (!missing.empty()) {
    // Our own migrations may stand before the one that makes these tables.
    if (!own_ledger.empty() && !has_ledger) return schema;
    return refused("the database has a part of Conbench's tables only; missing are: " +
                   joined(missing));
  }
  BL_RETURN_IF_ERROR(demand_columns(connection, schema));
  for (const std::string_view table : k_added_tables) {
    if (tables.contains(table)) schema.added_tables.emplace_back(table);
  }
  schema.kind = !version.empty()     ? Kind::renewed
                : !revision.empty()  ? Kind::legacy
                : own_ledger.empty() ? Kind::self_created
                                     : Kind::ours;
  schema.version = version.empty() ? revision : version;
  return schema;
}

}  // namespace bl::store
