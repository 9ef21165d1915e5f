#include "results/store_schema_revision.h"

#include "store/both_dialects.h"

namespace bl::results {
namespace {

// The revision whose tables ours are (spec/results-conbench.md 1.1).
constexpr const char* k_our_revision = "99895af5dae2";

Result<bool> has_ledger(store::Connection& connection) {
  bool found = false;
  if (connection.dialect() == store::Dialect::sqlite) return found;
  BL_RETURN_IF_ERROR(connection.query("select to_regclass('alembic_version') is not null", {},
                                      [&](const store::Row& row) {
                                        found = row.integer(0) != 0;
                                        return true;
                                      }));
  return found;
}

}  // namespace

Result<std::string> schema_revision(store::Database& database) {
  std::string revision;
  BL_RETURN_IF_ERROR(database.read([&](store::Connection& connection) -> Result<void> {
    revision = k_our_revision;
    BL_TRY(const bool found, has_ledger(connection));
    if (!found) return {};
    return connection.query("select version_num from alembic_version limit 1", {},
                            [&](const store::Row& row) {
                              revision = row.text(0);
                              return true;
                            });
  }));
  return revision;
}

Result<void> wipe_results(store::Database& database) {
  static const store::Sql k_deletes[] = {store::both_dialects<"delete from benchmark_result">(),
                                         store::both_dialects<"delete from \"case\"">(),
                                         store::both_dialects<"delete from context">(),
                                         store::both_dialects<"delete from info">(),
                                         store::both_dialects<"delete from hardware">(),
                                         store::both_dialects<"delete from \"commit\"">(),
                                         store::both_dialects<"delete from @commit_enrichment">(),
                                         store::both_dialects<"delete from @submission">(),
                                         store::both_dialects<"delete from @exemplar">(),
                                         store::both_dialects<"delete from @result_number">(),
                                         store::both_dialects<"delete from @dimension_key">(),
                                         store::both_dialects<"delete from @series">(),
                                         store::both_dialects<"delete from @run">(),
                                         store::both_dialects<"delete from @run_series">(),
                                         store::both_dialects<"delete from @run_batch">()};
  return database.write([](store::Connection& connection) -> Result<void> {
    for (const store::Sql& sql : k_deletes) {
      BL_TRY([[maybe_unused]] auto deleted, connection.execute(sql, {}));
    }
    if (connection.dialect() == store::Dialect::postgres) return {};
    for (const char* sql : {"delete from bl_history", "delete from bl_commit_series",
                            "update bl_counter set value = 0"}) {
      BL_TRY([[maybe_unused]] auto done, connection.execute(sql, {}));
    }
    return {};
  });
}

}  // namespace bl::results
