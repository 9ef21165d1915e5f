#include "results/store_health.h"

#include "store/both_dialects.h"

namespace bl::results {

Result<StoreHealth> store_health(store::Database& database) {
  StoreHealth health;
  const auto read_numbers = [&](store::Connection& connection) -> Result<void> {
    health = {};
    const auto count = [&](const store::Sql& sql, std::int64_t& into) {
      return connection.query(sql, {}, [&](const store::Row& row) {
        into = row.integer(0);
        return true;
      });
    };
    BL_RETURN_IF_ERROR(
        count({"select coalesce((select value from bl_counter where name = 'results'), 0)",
               "select coalesce(sum(result_count), 0)::bigint from benchlake.run"},
              health.results));
    BL_RETURN_IF_ERROR(count(store::both_dialects<"select count(*) from @run">(), health.runs));
    BL_RETURN_IF_ERROR(
        count(store::both_dialects<"select count(*) from @series">(), health.series));
    BL_RETURN_IF_ERROR(count(
        store::both_dialects<"select count(*) from @series where change_count <> fresh_count">(),
        health.stale_series));
    BL_RETURN_IF_ERROR(count("select count(*) from \"commit\" where sha <> ''", health.commits));
    BL_RETURN_IF_ERROR(
        count("select count(*) from \"commit\" where sha <> '' and timestamp is null",
              health.unknown_commits));
    return connection.query(
        store::both_dialects<"select at from @change_log order by seq desc limit 1">(), {},
        [&](const store::Row& row) {
          health.newest_change = Timestamp{row.integer(0)};
          return true;
        });
  };
  BL_RETURN_IF_ERROR(database.read(read_numbers));
  return health;
}

}  // namespace bl::results
