#include "inference/store/line_runs.h"

#include <fmt/format.h>

#include "inference/store/revision.h"
#include "store/both_dialects.h"

namespace bl::inference {

namespace {

// Of a run `$1`, and lines or configurations `$2`.
#define BL_ID_OF_SQLITE "in (select value from json_each($2))"
#define BL_ID_OF_POSTGRES "= any ($2::bigint[])"

// A statement with `one_of` in both dialects.
#define BL_OF_IDS(before, after)                                                 \
  store::Sql(store::both_dialects<before BL_ID_OF_SQLITE after>().sqlite.data(), \
             store::both_dialects<before BL_ID_OF_POSTGRES after>().postgres.data())

const store::Sql k_take_line_runs =
    BL_OF_IDS("delete from @inference_line_run where run_id = $1 and line_id ", "");
const store::Sql k_add_line_runs = BL_OF_IDS(
    "insert into @inference_line_run (line_id, place, run_id, known_at, append_only, image) "
    "select l.line_id, r.place, r.id, coalesce(r.started_at, r.created_at), r.append_only, l.image "
    "from @inference_run r join (select run_id, line_id, "
    "case when count(distinct image) = 1 then min(image) end as image "
    "from @inference_point where run_id = $1 and line_id ",
    " group by run_id, line_id) l on l.run_id = r.id");
const store::Sql k_add_available = BL_OF_IDS(
    "insert into @inference_available (date, line_id, spec_method, disagg, run_id) "
    "select distinct p.date, p.line_id, c.spec_method, c.disagg, p.run_id "
    "from @inference_point p join @inference_config c on c.id = p.config_id "
    "where p.run_id = $1 and p.line_id ",
    " on conflict do nothing");
const store::Sql k_take_submissions =
    BL_OF_IDS("delete from @inference_submission where run_id = $1 and config_id ", "");

#define BL_SUBMISSIONS(list_of, as_text, one_of)                                                \
  "insert into @inference_submission (run_id, config_id, date, points, sequences, "             \
  "concurrencies, image) select g.run_id, g.config_id, g.date, g.points, g.sequences, "         \
  "g.concurrencies, i.image from (select run_id, config_id, date, count(*) as points, " list_of \
  "(distinct coalesce(isl, 0) || '/' || coalesce(osl, 0)" as_text ") as sequences, " list_of    \
  "(distinct "                                                                                  \
  "conc || ''" as_text                                                                          \
  ") as concurrencies, "                                                                        \
  "min(case when image is not null then id end) as with_image "                                 \
  "from @inference_point where run_id = $1 and config_id " one_of                               \
  " group by run_id, config_id, date) g left join @inference_point i on i.id = g.with_image"
const store::Sql k_add_submissions(
    store::both_dialects<BL_SUBMISSIONS("group_concat", "", BL_ID_OF_SQLITE)>().sqlite.data(),
    store::both_dialects<BL_SUBMISSIONS("string_agg", ", ','", BL_ID_OF_POSTGRES)>()
        .postgres.data());

std::string ids_text(const std::set<std::int64_t>& ids, store::Dialect dialect) {
  const bool sqlite = dialect == store::Dialect::sqlite;
  return fmt::format("{}{}{}", sqlite ? '[' : '{', fmt::join(ids, ","), sqlite ? ']' : '}');
}

}  // namespace

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
  Touched all;
  BL_RETURN_IF_ERROR(connection.query(
      store::both_dialects<"select distinct line_id, config_id from @inference_point "
                           "where run_id = $1">(),
      {run_id}, [&](const store::Row& row) {
        all.lines.insert(row.integer(0));
        all.configs.insert(row.integer(1));
        return true;
      }));
  return renew_on_lines(connection, run_id, all);
}

Result<void> renew_on_lines(store::Connection& connection, std::int64_t run_id,
                            const Touched& touched) {
  const std::string lines = ids_text(touched.lines, connection.dialect());
  const std::string configs = ids_text(touched.configs, connection.dialect());
  for (const auto& [sql, ids] :
       {std::pair(&k_take_line_runs, &lines), std::pair(&k_add_line_runs, &lines),
        std::pair(&k_add_available, &lines), std::pair(&k_take_submissions, &configs),
        std::pair(&k_add_submissions, &configs)}) {
    BL_TRY([[maybe_unused]] const auto rows,
           connection.execute(*sql, {run_id, std::string_view(*ids)}));
  }
  return {};
}

Result<void> count_revision(store::Connection& connection,
                            std::span<const std::int64_t> changed_runs) {
  BL_TRY([[maybe_unused]] const auto counted,
         connection.execute(
             store::both_dialects<"update @inference_revision set revision = revision + 1">(), {}));
  for (const std::int64_t run : changed_runs) {
    BL_TRY([[maybe_unused]] const auto marked,
           connection.execute(
               store::both_dialects<"update @inference_run set changed = (select revision from "
                                    "@inference_revision) where id = $1">(),
               {run}));
  }
  return {};
}

}  // namespace bl::inference
