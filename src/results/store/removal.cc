#include "results/store/removal.h"

#include "results/store/exemplars.h"
#include "results/store/facts.h"
#include "results/store/history_points.h"
#include "store/both_dialects.h"

namespace bl::results {
namespace {

using store::Null;
using store::Param;
using store::param_of;

Result<void> execute(store::Connection& connection, const store::Sql& sql,
                     std::initializer_list<Param> params) {
  auto done = connection.execute(sql, params);
  if (!done.ok()) return std::move(done).error();
  return {};
}

template <class T>
Param real_or_null(const T& value) {
  return value ? Param(*value) : Param(Null{});
}

// The row of the newest of some facts.
Result<std::optional<OwnedFact>> fact_with_id(store::Connection& connection, const store::Sql& sql,
                                              std::initializer_list<Param> params) {
  std::optional<std::string> id;
  BL_RETURN_IF_ERROR(connection.query(sql, params, [&](const store::Row& row) {
    id = row.text(0);
    return true;
  }));
  if (!id) return std::optional<OwnedFact>();
  store::ParamRows ids(1);
  ids.add({std::string_view(*id)});
  BL_TRY(auto facts, read_facts(connection, ids));
  if (facts.empty()) return std::optional<OwnedFact>();
  return std::optional<OwnedFact>(std::move(facts.front()));
}

// Series -------------------------------------------------------------------------------------

struct SeriesPlace {
  std::int64_t series_no = 0, result_count = 0, point_count = 0;
  std::string latest_result_id;
};

Result<std::optional<SeriesPlace>> lock_series(store::Connection& connection,
                                               std::string_view fingerprint) {
  std::optional<SeriesPlace> place;
  BL_RETURN_IF_ERROR(connection.query(
      store::both_dialects<"select series_no, result_count, point_count, latest_result_id "
                           "from @series where history_fingerprint = $1 @postgres{for update}">(),
      {fingerprint}, [&](const store::Row& row) {
        place =
            SeriesPlace{row.integer(0), row.integer(1), row.integer(2), std::string(row.text(3))};
        return true;
      }));
  return place;
}

// The newest point of the history leads a series; while it has none, its newest result does. On
// SQLite nothing finds the results of a series but its history: the times are walked down from
// those of the one that is gone.
Result<std::optional<OwnedFact>> newest_of_series(store::Connection& connection,
                                                  const SeriesPlace& series,
                                                  const DerivedFact& gone) {
  static const store::Sql k_point(
      "select n.id from bl_history h join bl_result_number n on n.no = h.place - ($1 << 37) "
      "where h.place >= ($1 << 37) and h.place < (($1 + 1) << 37) and $2 = $2 "
      "order by h.commit_timestamp desc, h.result_timestamp desc, h.place desc limit 1",
      "select r.id from benchmark_result r join benchlake.result_number n on n.id = r.id "
      "join \"commit\" c on c.id = r.commit_id where r.history_fingerprint = $2 and "
      "c.sha = c.fork_point_sha and c.timestamp is not null and r.error is null and "
      "r.unit is not null and cardinality(r.data) > 0 and array_position(r.data, null) is null "
      "and $1::bigint = $1 order by c.timestamp desc, r.timestamp desc, n.no desc limit 1");
  static const store::Sql k_result(
      "select r.id from benchmark_result r where r.timestamp <= $2 and r.history_fingerprint = $1 "
      "order by r.timestamp desc, r.id desc limit 1",
      "select r.id from benchmark_result r join benchlake.result_number n on n.id = r.id "
      "where r.history_fingerprint = $1 and $2::bigint = $2 "
      "order by r.timestamp desc, n.no desc limit 1");
  BL_TRY(auto point, fact_with_id(connection, k_point, {series.series_no, gone.fingerprint}));
  if (point) return point;
  return fact_with_id(connection, k_result, {gone.fingerprint, gone.timestamp.micros});
}

Result<void> lead_series(store::Connection& connection, std::int64_t series_no,
                         const DerivedFact& leader) {
  const bool is_point = leader.is_history_point();
  return execute(
      connection,
      store::both_dialects<
          "update @series set latest_result_no = $2, latest_result_id = $3, "
          "latest_run_no = coalesce((select run_no from @run where run_id = $4 and "
          "repository = $5), latest_run_no), latest_result_timestamp = $6, "
          "latest_commit_timestamp = $7, latest_commit_sha = $8, latest_best = $9, "
          "latest_mean = $10, unit = $11 where series_no = $1">(),
      {series_no, leader.result_no, leader.result_id, leader.run_id, leader.repository,
       leader.timestamp.micros, is_point ? Param(leader.commit_timestamp->micros) : Param(Null{}),
       leader.commit_id ? Param(leader.commit_sha) : Param(Null{}), real_or_null(leader.best),
       real_or_null(leader.summary_mean), leader.unit ? Param(*leader.unit) : Param(Null{})});
}

Result<void> leave_history(store::Connection& connection, std::int64_t series_no,
                           const DerivedFact& gone) {
  if (connection.dialect() == store::Dialect::postgres) return {};
  if (gone.is_history_point()) {
    BL_RETURN_IF_ERROR(remove_history_point(connection, series_no, gone.result_no));
  }
  if (!gone.commit_id) return {};
  return execute(connection,
                 "delete from bl_commit_series where commit_id = $1 and series_no = $2 and "
                 "result_no = $3",
                 {*gone.commit_id, series_no, gone.result_no});
}

Result<void> leave_series(store::Connection& connection, const SeriesPlace& series,
                          const DerivedFact& gone) {
  BL_RETURN_IF_ERROR(leave_history(connection, series.series_no, gone));
  if (series.result_count <= 1) {
    BL_RETURN_IF_ERROR(execute(connection,
                               store::both_dialects<"delete from @series where series_no = $1">(),
                               {series.series_no}));
    return count(connection, "series", -1);
  }
  const auto points = static_cast<std::int64_t>(gone.is_history_point());
  BL_RETURN_IF_ERROR(execute(
      connection,
      store::both_dialects<"update @series set result_count = result_count - 1, "
                           "error_count = error_count - $2, point_count = point_count - $3, "
                           "change_count = change_count + $3 where series_no = $1">(),
      {series.series_no, static_cast<std::int64_t>(gone.failed), points}));
  if (series.latest_result_id != gone.result_id) return {};
  BL_TRY(auto leader, newest_of_series(connection, series, gone));
  if (!leader) return {};
  return lead_series(connection, series.series_no, leader->view());
}

// Runs ---------------------------------------------------------------------------------------

struct RunPlace {
  std::int64_t run_no = 0, result_count = 0;
  std::string latest_result_id;
};

Result<std::optional<RunPlace>> lock_run(store::Connection& connection, const DerivedFact& gone) {
  std::optional<RunPlace> place;
  BL_RETURN_IF_ERROR(connection.query(
      store::both_dialects<"select run_no, result_count, latest_result_id from @run "
                           "where run_id = $1 and repository = $2 @postgres{for update}">(),
      {gone.run_id, gone.repository}, [&](const store::Row& row) {
        place = RunPlace{row.integer(0), row.integer(1), std::string(row.text(2))};
        return true;
      }));
  return place;
}

Result<void> forget_run(store::Connection& connection, std::int64_t run_no) {
  static const store::Sql k_deletes[] = {
      store::both_dialects<"delete from @run where run_no = $1">(),
      store::both_dialects<"delete from @run_series where run_no = $1">(),
      store::both_dialects<"delete from @run_batch where run_no = $1">()};
  for (const store::Sql& sql : k_deletes) {
    BL_RETURN_IF_ERROR(execute(connection, sql, {run_no}));
  }
  return count(connection, "runs", -1);
}

// What the rest of the run says of what the gone result shared with it.
struct Rest {
  bool has_series = false, has_batch = false;
  std::int64_t first_at = 0;
};

Result<Rest> rest_of_run(store::Connection& connection, const DerivedFact& gone) {
  Rest rest;
  BL_RETURN_IF_ERROR(connection.query(
      store::both_dialects<
          "select coalesce(max(case when r.history_fingerprint = $3 then 1 else 0 end), 0), "
          "coalesce(max(case when r.batch_id = $4 then 1 else 0 end), 0), "
          "min(@micros{r.timestamp}) from benchmark_result r "
          "join @result_number n on n.id = r.id where r.run_id = $1 and r.commit_repo_url = $2">(),
      {gone.run_id, gone.repository, gone.fingerprint,
       gone.batch_id ? Param(*gone.batch_id) : Param(Null{})},
      [&](const store::Row& row) {
        rest = {row.integer(0) != 0, row.integer(1) != 0, row.integer(2)};
        return true;
      }));
  return rest;
}

Result<void> lead_run(store::Connection& connection, std::int64_t run_no, const DerivedFact& gone) {
  BL_TRY(auto leader,
         fact_with_id(connection,
                      store::both_dialects<"select r.id from benchmark_result r "
                                           "join @result_number n on n.id = r.id "
                                           "where r.run_id = $1 and r.commit_repo_url = $2 "
                                           "order by r.timestamp desc, n.no desc limit 1">(),
                      {gone.run_id, gone.repository}));
  if (!leader) return {};
  const DerivedFact& fact = leader->view();
  const auto text = [](const auto& maybe) { return maybe ? Param(*maybe) : Param(Null{}); };
  return execute(
      connection,
      store::both_dialects<
          "update @run set run_reason = $2, run_tags = $3, commit_id = $4, latest_batch_id = $5, "
          "latest_result_id = $6, latest_result_no = $7, last_result_at = $8"
          "@postgres{, last_result_hour = $8 / 3600000000} where run_no = $1">(),
      {run_no, text(fact.run_reason), fact.run_tags, text(fact.commit_id), text(fact.batch_id),
       fact.result_id, fact.result_no, fact.timestamp.micros});
}

Result<void> leave_run(store::Connection& connection, const RunPlace& run, std::int64_t series_no,
                       const DerivedFact& gone) {
  if (run.result_count <= 1) return forget_run(connection, run.run_no);
  BL_TRY(const Rest rest, rest_of_run(connection, gone));
  if (!rest.has_series) {
    BL_RETURN_IF_ERROR(execute(
        connection,
        store::both_dialects<"delete from @run_series where run_no = $1 and series_no = $2">(),
        {run.run_no, series_no}));
  }
  const bool loses_batch = gone.batch_id && !rest.has_batch;
  if (loses_batch) {
    BL_RETURN_IF_ERROR(execute(
        connection,
        store::both_dialects<"delete from @run_batch where run_no = $1 and batch_id = $2">(),
        {run.run_no, *gone.batch_id}));
  }
  BL_RETURN_IF_ERROR(execute(
      connection,
      store::both_dialects<"update @run set result_count = result_count - 1, "
                           "error_count = error_count - $2, series_count = series_count - $3, "
                           "batch_count = batch_count - $4, first_result_at = $5 "
                           "where run_no = $1">(),
      {run.run_no, static_cast<std::int64_t>(gone.failed),
       static_cast<std::int64_t>(!rest.has_series), static_cast<std::int64_t>(loses_batch),
       rest.first_at}));
  if (run.latest_result_id != gone.result_id) return {};
  return lead_run(connection, run.run_no, gone);
}

}  // namespace

Result<void> remove_derived(store::Connection& connection, const DerivedFact& gone) {
  BL_TRY(const auto series, lock_series(connection, gone.fingerprint));
  if (series) BL_RETURN_IF_ERROR(leave_series(connection, *series, gone));
  BL_TRY(const auto run, lock_run(connection, gone));
  if (run) {
    BL_RETURN_IF_ERROR(leave_run(connection, *run, series ? series->series_no : 0, gone));
  }
  BL_RETURN_IF_ERROR(execute(connection,
                             store::both_dialects<"delete from @result_number where id = $1">(),
                             {gone.result_id}));
  return count(connection, "results", -1);
}

Result<void> log_change(store::Connection& connection, std::string_view op, std::string_view id,
                        Timestamp result_timestamp, Timestamp now) {
  return execute(connection,
                 store::both_dialects<"insert into @change_log (op, result_id, result_timestamp, "
                                      "at) values ($1, $2, $3, $4)">(),
                 {op, id, result_timestamp.micros, now.micros});
}

Result<RemovedResult> remove_result(store::Connection& connection, std::string_view id,
                                    Timestamp now) {
  std::optional<RemovedResult> gone;
  Timestamp timestamp;
  BL_RETURN_IF_ERROR(connection.query(
      store::both_dialects<"select history_fingerprint, run_id, @micros{timestamp} from "
                           "benchmark_result where id = $1 @postgres{for update}">(),
      {id}, [&](const store::Row& row) {
        gone = RemovedResult{std::string(row.text(0)), std::string(row.text(1))};
        timestamp = Timestamp{row.integer(2)};
        return true;
      }));
  if (!gone) return Error{Code::not_found, "no benchmark result has the id " + std::string(id)};
  // Nothing when the derived tables do not have it yet.
  store::ParamRows ids(1);
  ids.add({id});
  BL_TRY(auto facts, read_facts(connection, ids));
  BL_RETURN_IF_ERROR(execute(connection, "delete from benchmark_result where id = $1", {id}));
  BL_RETURN_IF_ERROR(remove_exemplars(connection, id));
  for (OwnedFact& fact : facts) BL_RETURN_IF_ERROR(remove_derived(connection, fact.view()));
  BL_RETURN_IF_ERROR(log_change(connection, "delete", id, timestamp, now));
  return *std::move(gone);
}

}  // namespace bl::results
