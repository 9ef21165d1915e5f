#include "base/json.h"
#include "results/store/setting.h"
#include "results/store_verdicts.h"
#include "store/audit.h"
#include "store/both_dialects.h"

namespace bl::results {
namespace {

Result<void> execute(store::Connection& connection, const store::Sql& sql,
                     std::initializer_list<store::Param> params) {
  auto done = connection.execute(sql, params);
  if (!done.ok()) return std::move(done).error();
  return {};
}

// All series of the project wait for a verdict.
Result<void> begin_verdicts(store::Connection& connection, std::string_view repository) {
  return execute(
      connection,
      store::both_dialects<"insert into @verdict_due (series_no, kind, change_count) "
                           "select s.series_no, 1, s.change_count from @series s "
                           "left join @series_verdict v on v.series_no = s.series_no "
                           "where s.repository = $1 and s.point_count > 0 and v.series_no is null "
                           "on conflict (series_no) do nothing">(),
      {repository});
}

Result<void> forget_verdicts(store::Connection& connection, std::string_view repository) {
#define BL_OF_PROJECT "series_no in (select series_no from @series where repository = $1)"
  for (const store::Sql& sql :
       {store::both_dialects<"delete from @verdict_due where " BL_OF_PROJECT>(),
        store::both_dialects<"delete from @series_change where " BL_OF_PROJECT>(),
        store::both_dialects<"delete from @series_verdict where " BL_OF_PROJECT>()}) {
    BL_RETURN_IF_ERROR(execute(connection, sql, {repository}));
  }
  return {};
}

}  // namespace

Result<VerdictProjects> StoreVerdictSwitches::projects() {
  VerdictProjects found;
  BL_RETURN_IF_ERROR(database_.read([&](store::Connection& connection) -> Result<void> {
    found = {};
    BL_TRY(const auto by_default, stored_setting(connection, "verdicts_default"));
    found.enabled_by_default = by_default.value_or("") == "on";
    BL_RETURN_IF_ERROR(connection.query(store::both_dialects<"select count(*) from @verdict_due">(),
                                        {}, [&](const store::Row& row) {
                                          found.waiting = row.integer(0);
                                          return true;
                                        }));
    return connection.query(
        store::both_dialects<"select repository, enabled, updated_at, updated_by "
                             "from @verdict_project order by repository">(),
        {}, [&](const store::Row& row) {
          found.projects.push_back({std::string(row.text(0)), row.integer(1) != 0,
                                    Timestamp{row.integer(2)}, std::string(row.text(3))});
          return true;
        });
  }));
  return found;
}

Result<VerdictProject> StoreVerdictSwitches::set(std::string_view repository, bool enabled,
                                                 const Change& change) {
  std::string detail;
  json::Writer(detail).begin_object().member("enabled", enabled).end_object();
  BL_RETURN_IF_ERROR(database_.write([&](store::Connection& connection) -> Result<void> {
    BL_RETURN_IF_ERROR(
        execute(connection,
                store::both_dialects<
                    "insert into @verdict_project (repository, enabled, updated_at, updated_by) "
                    "values ($1, $2, $3, $4) on conflict (repository) do update set "
                    "enabled = excluded.enabled, updated_at = excluded.updated_at, "
                    "updated_by = excluded.updated_by">(),
                {repository, static_cast<std::int64_t>(enabled), change.at.micros,
                 std::string_view(change.actor_name)}));
    BL_RETURN_IF_ERROR(enabled ? begin_verdicts(connection, repository)
                               : forget_verdicts(connection, repository));
    return store::record_audit(connection, {.at = change.at,
                                            .actor_id = change.actor_id,
                                            .actor_name = change.actor_name,
                                            .action = "verdict.switch",
                                            .object = repository,
                                            .detail = detail});
  }));
  return VerdictProject{std::string(repository), enabled, change.at, change.actor_name};
}

}  // namespace bl::results
