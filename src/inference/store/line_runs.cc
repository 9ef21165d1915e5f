#include "inference/store/line_runs.h"

#include "inference/store/revision.h"
#include "store/both_dialects.h"

namespace bl::inference {

Result<void> hold_run(store::Connection& connection, std::int64_t github_run_id) {
  if (connection.dialect() == store::Dialect::sqlite) return {};  // one writer at a time
  return connection.query(
      "select pg_advisory_xact_lock(hashtextextended('benchlake.inference_run ' || $1, 0))",
      {std::string_view(std::to_string(github_run_id))}, [](const store::Row&) { return true; });
}

Result<void> take_from_lines(store::Connection& connection, std::int64_t run_id) {
  for (const store::Sql& sql :
       {store::both_dialects<"delete from @inference_line_run where run_id = $1">(),
        store::both_dialects<"delete from @inference_available where run_id = $1">(),
        store::both_dialects<"delete from @inference_submission where run_id = $1">()}) {
    BL_TRY([[maybe_unused]] const auto removed, connection.execute(sql, {run_id}));
  }
  return {};
}

Result<void> put_on_lines(store::Connection& connection, std::int64_t run_id) {
  static const store::Sql k_add_submissions(
      "insert into bl_inference_submission (run_id, config_id, date, points, sequences, "
      "concurrencies, image) select g.run_id, g.config_id, g.date, g.points, g.sequences, "
      "g.concurrencies, i.image from (select run_id, config_id, date, count(*) as points, "
      "group_concat(distinct coalesce(isl, 0) || '/' || coalesce(osl, 0)) as sequences, "
      "group_concat(distinct conc) as concurrencies, "
      "min(case when image is not null then id end) as with_image "
      "from bl_inference_point where run_id = $1 group by run_id, config_id, date) g "
      "left join bl_inference_point i on i.id = g.with_image",
      "insert into benchlake.inference_submission (run_id, config_id, date, points, sequences, "
      "concurrencies, image) select g.run_id, g.config_id, g.date, g.points, g.sequences, "
      "g.concurrencies, i.image from (select run_id, config_id, date, count(*) as points, "
      "string_agg(distinct coalesce(isl, 0) || '/' || coalesce(osl, 0), ',') as sequences, "
      "string_agg(distinct conc::text, ',') as concurrencies, "
      "min(case when image is not null then id end) as with_image "
      "from benchlake.inference_point where run_id = $1 group by run_id, config_id, date) g "
      "left join benchlake.inference_point i on i.id = g.with_image");
  for (const store::Sql& sql :
       {store::both_dialects<
            "insert into @inference_line_run (line_id, place, run_id, known_at, append_only, "
            "image) select l.line_id, r.place, r.id, coalesce(r.started_at, r.created_at), "
            "r.append_only, l.image from @inference_run r join (select run_id, line_id, "
            "case when count(distinct image) = 1 then min(image) end as image "
            "from @inference_point where run_id = $1 group by run_id, line_id) l "
            "on l.run_id = r.id">(),
        store::both_dialects<
            "insert into @inference_available (date, line_id, spec_method, disagg, run_id) "
            "select distinct p.date, p.line_id, c.spec_method, c.disagg, p.run_id "
            "from @inference_point p join @inference_config c on c.id = p.config_id "
            "where p.run_id = $1">(),
        k_add_submissions}) {
    BL_TRY([[maybe_unused]] const auto added, connection.execute(sql, {run_id}));
  }
  return {};
}

Result<void> count_revision(store::Connection& connection) {
  BL_TRY([[maybe_unused]] const auto counted,
         connection.execute(
             store::both_dialects<"update @inference_revision set revision = revision + 1">(), {}));
  return {};
}

}  // namespace bl::inference
