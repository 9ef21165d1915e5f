#include "results/store/derived.h"

#include <limits>
#include <map>
#include <tuple>

#include "base/json.h"
#include "results/ports.h"
#include "results/store/history_points.h"
#include "results/store/rows.h"
#include "store/both_dialects.h"
#include "store/row_set.h"

namespace bl::results {
namespace {

using store::Null;
using store::Param;
using store::ParamRows;

Param text_or_null(const std::optional<std::string_view>& text) {
  return text ? Param(*text) : Param(Null{});
}
Param real_or_null(const std::optional<double>& value) {
  return value ? Param(*value) : Param(Null{});
}

// Facts of one pass, gathered by run and by series. Maps, so that rows are always touched in the
// same order: two transactions never wait for each other in a circle.

struct RunTally {
  std::int64_t run_no = 0;
  std::int64_t results = 0, errors = 0, new_series = 0, new_batches = 0;
  std::int64_t first_at = std::numeric_limits<std::int64_t>::max();
  const DerivedFact* newest = nullptr;
};
using RunName = std::pair<std::string_view, std::string_view>;  // run_id, repository
using Runs = std::map<RunName, RunTally>;

struct SeriesTally {
  std::int64_t series_no = 0;
  std::int64_t results = 0, errors = 0, points = 0;  // of this pass
  const DerivedFact* first = nullptr;
  const DerivedFact* newest = nullptr;  // of this pass: a point before any that is none
};
using AllSeries = std::map<std::string_view, SeriesTally>;  // by fingerprint

bool is_newer(const DerivedFact& fact, const DerivedFact& than) {
  return std::tie(fact.timestamp.micros, fact.result_no) >
         std::tie(than.timestamp.micros, than.result_no);
}

RunName run_name(const DerivedFact& fact) {
  return {fact.run_id, fact.repository};
}

// Runs ---------------------------------------------------------------------------------------

// Those whose number is 0.
Result<void> find_runs_later(store::Connection& connection, DerivedRows& rows) {
  std::vector<std::int64_t*> missing;
  ParamRows names(2);
  for (auto& [name, run_no] : rows.runs) {
    if (run_no != 0) continue;
    missing.push_back(&run_no);
    names.add({name.first, name.second});
  }
  return connection.query_many_later(
      store::both_dialects<"select run_no from @run where run_id = $1 and repository = $2">(),
      names, [missing](std::size_t i, const store::Row& row) { *missing[i] = row.integer(0); });
}

Result<void> create_runs(store::Connection& connection, const Runs& runs, DerivedRows& rows) {
  std::vector<std::int64_t*> created;
  ParamRows params(9);
  for (const auto& [name, run] : runs) {
    std::int64_t& run_no = rows.runs.at(name);
    if (run_no != 0) continue;
    created.push_back(&run_no);
    const DerivedFact& fact = *run.newest;
    params.add({fact.run_id, fact.repository, text_or_null(fact.run_reason), fact.run_tags,
                text_or_null(fact.commit_id), text_or_null(fact.batch_id), fact.result_id,
                fact.result_no, fact.timestamp.micros});
  }
  if (created.empty()) return {};
  std::int64_t count_of_new = 0;
  BL_RETURN_IF_ERROR(connection.query_many(
      store::both_dialects<"insert into @run (run_id, repository, run_reason, run_tags, "
                           "commit_id, latest_batch_id, latest_result_id, latest_result_no, "
                           "first_result_at, last_result_at, result_count, error_count, "
                           "series_count, batch_count) "
                           "values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, 0, 0, 0, 0) "
                           "on conflict do nothing returning run_no">(),
      params, [&](std::size_t i, const store::Row& row) {
        *created[i] = row.integer(0);
        ++count_of_new;
      }));
  BL_RETURN_IF_ERROR(count(connection, "runs", count_of_new));
  // Those that another transaction made since we looked.
  BL_RETURN_IF_ERROR(find_runs_later(connection, rows));
  return connection.wait();
}

Result<Runs> find_or_create_runs(store::Connection& connection, std::span<const DerivedFact> facts,
                                 DerivedRows& rows) {
  Runs runs;
  for (const DerivedFact& fact : facts) {
    RunTally& run = runs[run_name(fact)];
    if (run.newest == nullptr || is_newer(fact, *run.newest)) run.newest = &fact;
  }
  BL_RETURN_IF_ERROR(create_runs(connection, runs, rows));
  for (auto& [name, run] : runs) {
    run.run_no = rows.runs.at(name);
    if (run.run_no != 0) continue;
    return Error{Code::internal, "a run is neither new nor there: " + std::string(name.first)};
  }
  return runs;
}

// What a run gets of some results: its series and batches, of which it may have some already.
struct Members {
  std::map<std::pair<std::int64_t, std::int64_t>, RunTally*> series;       // run_no, series_no
  std::map<std::pair<std::int64_t, std::string_view>, RunTally*> batches;  // run_no, batch_id
};
Members members_of(std::span<const DerivedFact> facts, Runs& runs, const AllSeries& all_series) {
  Members members;
  for (const DerivedFact& fact : facts) {
    RunTally& run = runs.at(run_name(fact));
    members.series.try_emplace({run.run_no, all_series.at(fact.fingerprint).series_no}, &run);
    if (fact.batch_id) members.batches.try_emplace({run.run_no, *fact.batch_id}, &run);
  }
  return members;
}

// The newest result leads a run; the row itself is asked whether this pass brings one. P(n) is the
// n-th value.
#define BL_IF_NEWER(P, column, value)                                                          \
  column " = case when (last_result_at, latest_result_no) <= (" P(7) ", " P(8) ") then " value \
                                                                               " else " column \
                                                                               " end"
#define BL_SET_RUN(P, new_series, new_batches) \
  "result_count = result_count + " P(2) ", "                                         \
  "error_count = error_count + " P(3) ", "                                           \
  "series_count = series_count + " new_series ", "                                   \
  "batch_count = batch_count + " new_batches ", "                                    \
  "first_result_at = case when " P(6) " < first_result_at then " P(6) " else first_result_at end" \
  ", " BL_IF_NEWER(P, "run_reason", P(9))                                            \
  ", " BL_IF_NEWER(P, "run_tags", P(10))                                             \
  ", " BL_IF_NEWER(P, "commit_id", P(11))                                            \
  ", " BL_IF_NEWER(P, "latest_batch_id", P(12))                                      \
  ", " BL_IF_NEWER(P, "latest_result_id", P(13))                                     \
  ", " BL_IF_NEWER(P, "latest_result_no", P(8))                                      \
  ", " BL_IF_NEWER(P, "last_result_at", P(7)) " "
#define BL_PARAMETER(n) "$" #n
#define BL_UNNESTED(n) "p.v" #n

ParamRows params_of(const Runs& runs) {
  ParamRows rows(13);
  for (const auto& [name, run] : runs) {
    const DerivedFact& fact = *run.newest;
    rows.add({run.run_no, run.results, run.errors, run.new_series, run.new_batches, run.first_at,
              fact.timestamp.micros, fact.result_no, text_or_null(fact.run_reason), fact.run_tags,
              text_or_null(fact.commit_id), text_or_null(fact.batch_id), fact.result_id});
  }
  return rows;
}

// SQLite: members one by one, then the runs with what was new of them.
Result<void> update_runs_sqlite(store::Connection& connection, const Members& members,
                                const Runs& runs) {
  ParamRows series_rows(2);
  for (const auto& [key, run] : members.series) series_rows.add({key.first, key.second});
  BL_TRY(const auto new_series,
         connection.execute_many("insert into bl_run_series (run_no, series_no) values ($1, $2) "
                                 "on conflict do nothing",
                                 series_rows));
  std::size_t i = 0;
  for (const auto& [key, run] : members.series) run->new_series += new_series[i++];
  ParamRows batch_rows(2);
  for (const auto& [key, run] : members.batches) batch_rows.add({key.first, key.second});
  BL_TRY(const auto new_batches,
         connection.execute_many("insert into bl_run_batch (run_no, batch_id) values ($1, $2) "
                                 "on conflict do nothing",
                                 batch_rows));
  i = 0;
  for (const auto& [key, run] : members.batches) run->new_batches += new_batches[i++];
  BL_TRY(
      [[maybe_unused]] const auto updated,
      connection.execute_many("update bl_run set " BL_SET_RUN(BL_PARAMETER, BL_PARAMETER(4),
                                                              BL_PARAMETER(5)) "where run_no = $1",
                              params_of(runs)));
  return {};
}

// PostgreSQL: the runs are locked in the order of their names, by a statement of its own: the next
// one then changes what it sees, and others wait for no more than that and COMMIT.
Result<void> update_runs_postgres(store::Connection& connection, const Members& members,
                                  const Runs& runs) {
  constexpr const char* k_lock =
      "select 1 from unnest($1::bigint[]) as p(run_no) cross join lateral (select 1 from "
      "benchlake.run where run_no = p.run_no limit 1 for no key update) r";
  constexpr const char* k_add =
      "with s as (insert into benchlake.run_series (run_no, series_no) "
      "select run_no, series_no from unnest($14::bigint[], $15::bigint[]) as m(run_no, series_no) "
      "on conflict do nothing returning run_no), "
      "b as (insert into benchlake.run_batch (run_no, batch_id) "
      "select run_no, batch_id from unnest($16::bigint[], $17::text[]) as m(run_no, batch_id) "
      "on conflict do nothing returning run_no), "
      "p as (select *, (select count(*) from s where s.run_no = v1) as new_series, "
      "(select count(*) from b where b.run_no = v1) as new_batches from unnest($1::bigint[], "
      "$2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], "
      "$8::bigint[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[]) as "
      "p(v1, v2, v3, v4, v5, v6, v7, v8, v9, v10, v11, v12, v13)) "
      "update benchlake.run set " BL_SET_RUN(
          BL_UNNESTED, "p.new_series",
          "p.new_batches") ", " BL_IF_NEWER(BL_UNNESTED, "last_result_hour",
                                            BL_UNNESTED(7) " / 3600000000") " from p "
      "where run_no = p.v1";
  ParamRows locks(1);
  for (const auto& [name, run] : runs) locks.add({run.run_no});
  BL_RETURN_IF_ERROR(store::execute_rows_later(connection, k_lock, locks));
  ParamRows series(2);
  for (const auto& [key, run] : members.series) series.add({key.first, key.second});
  ParamRows batches(2);
  for (const auto& [key, run] : members.batches) batches.add({key.first, key.second});
  return store::execute_row_sets_later(connection, k_add, {params_of(runs), series, batches});
}

Result<void> update_runs(store::Connection& connection, std::span<const DerivedFact> facts,
                         Runs& runs, const AllSeries& all_series) {
  const Members members = members_of(facts, runs, all_series);
  return connection.dialect() == store::Dialect::postgres
             ? update_runs_postgres(connection, members, runs)
             : update_runs_sqlite(connection, members, runs);
}

// Series -------------------------------------------------------------------------------------

std::string tags_with_name(std::string_view case_name, std::string_view case_tags) {
  std::string tags = "{\"name\":";
  json::append_quoted(tags, case_name);
  if (case_tags.size() > 2) {
    tags += ',';
    tags += case_tags.substr(1);
  } else {
    tags += '}';
  }
  return tags;
}

constexpr double k_rank_without_change = std::numeric_limits<double>::max();

// Those whose number is 0. PostgreSQL: they are locked, in the order of their fingerprints.
Result<void> find_series_later(store::Connection& connection, DerivedRows& rows) {
  static const store::Sql k_find(
      "select series_no from bl_series where history_fingerprint = $1",
      "select s.series_no, p.place from unnest($1::text[]) with ordinality as p(fingerprint, "
      "place) "
      "cross join lateral (select series_no from benchlake.series "
      "where history_fingerprint = p.fingerprint limit 1 for no key update) s");
  std::vector<std::int64_t*> missing;
  ParamRows fingerprints(1);
  for (auto& [fingerprint, series_no] : rows.series) {
    if (series_no != 0) continue;
    missing.push_back(&series_no);
    fingerprints.add({fingerprint});
  }
  return store::query_rows_later(
      connection, k_find, 2, fingerprints,
      [missing](std::size_t i, const store::Row& row) { *missing[i] = row.integer(0); });
}

// A new row leads with a number below every other, those of old results too.
#define BL_NEW_SERIES                                                                        \
  "(history_fingerprint, context_id, hardware_name, hardware_hash, repository, name, tags, " \
  "search_text, latest_result_id, latest_run_no, latest_result_timestamp, change_rank, "     \
  "result_count, error_count, point_count, latest_result_no, change_count, fresh_count, status) "
#define BL_NEW_SERIES_VALUES "0, 0, 0, -4611686018427387904, 0, 0, 0"

Result<void> create_series(store::Connection& connection, const AllSeries& all_series,
                           const Runs& runs, DerivedRows& rows) {
  static const store::Sql k_create(
      "insert into bl_series " BL_NEW_SERIES
      "values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, " BL_NEW_SERIES_VALUES
      ") on conflict do nothing returning series_no",
      "with p as (select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], "
      "$5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::bigint[], $11::bigint[], "
      "$12::float8[]) with ordinality as p(v1, v2, v3, v4, v5, v6, v7, v8, v9, v10, v11, v12, "
      "place)), "
      "added as (insert into benchlake.series " BL_NEW_SERIES
      "select v1, v2, v3, v4, v5, v6, v7, v8, v9, v10, v11, v12, " BL_NEW_SERIES_VALUES
      " from p on conflict do nothing returning history_fingerprint, series_no) "
      "select added.series_no, p.place from added join p on p.v1 = added.history_fingerprint");
  std::vector<std::string> texts;  // what the parameters borrow
  texts.reserve(2 * all_series.size());
  std::vector<std::int64_t*> created;
  ParamRows params(12);
  for (const auto& [fingerprint, series] : all_series) {
    std::int64_t& series_no = rows.series.at(fingerprint);
    if (series_no != 0) continue;
    created.push_back(&series_no);
    const DerivedFact& fact = *series.first;
    texts.push_back(tags_with_name(fact.case_name, fact.case_tags));
    texts.push_back(search_text_of(fact.case_name, fact.case_tags));
    params.add({fact.fingerprint, fact.context_id, fact.hardware_name, fact.hardware_hash,
                fact.repository, fact.case_name, std::string_view(texts[texts.size() - 2]),
                std::string_view(texts.back()), fact.result_id, runs.at(run_name(fact)).run_no,
                fact.timestamp.micros, k_rank_without_change});
  }
  if (created.empty()) return {};
  std::int64_t count_of_new = 0;
  BL_RETURN_IF_ERROR(
      store::query_rows(connection, k_create, 2, params, [&](std::size_t i, const store::Row& row) {
        *created[i] = row.integer(0);
        ++count_of_new;
      }));
  BL_RETURN_IF_ERROR(count(connection, "series", count_of_new));
  // Those that another transaction made since we looked.
  BL_RETURN_IF_ERROR(find_series_later(connection, rows));
  return connection.wait();
}

Result<AllSeries> find_or_create_series(store::Connection& connection,
                                        std::span<const DerivedFact> facts, const Runs& runs,
                                        DerivedRows& rows) {
  AllSeries all_series;
  for (const DerivedFact& fact : facts) {
    SeriesTally& series = all_series[fact.fingerprint];
    if (series.first == nullptr) series.first = &fact;
  }
  BL_RETURN_IF_ERROR(create_series(connection, all_series, runs, rows));
  for (auto& [fingerprint, series] : all_series) {
    series.series_no = rows.series.at(fingerprint);
    if (series.series_no != 0) continue;
    return Error{Code::internal, "a series is neither new nor there: " + std::string(fingerprint)};
  }
  return all_series;
}

std::int64_t commit_time(const DerivedFact& fact) {
  return fact.is_history_point() ? fact.commit_timestamp->micros : 0;
}

void take(SeriesTally& series, const DerivedFact& fact) {
  if (fact.is_history_point()) ++series.points;
  const auto place = [](const DerivedFact& of) {
    return std::tuple(of.is_history_point(), commit_time(of), of.timestamp.micros, of.result_no);
  };
  if (series.newest == nullptr || place(fact) > place(*series.newest)) series.newest = &fact;
}

// The newest point of the history leads a series; while it has none, its newest result does. The
// row itself is asked whether this pass brings one: other transactions bring theirs. P(n) is the
// n-th value.
#define BL_IF_LEADS(P, column, value) \
  column " = case when (" P(14) " = 1 and point_count = 0) or "                             \
         "((" P(14) " = 1) = (point_count > 0) and "                                        \
         "(coalesce(latest_commit_timestamp, 0), latest_result_timestamp, latest_result_no) " \
         "< (" P(15) ", " P(8) ", " P(5) ")) then " value " else " column " end"
#define BL_SET_SERIES(P) \
  "result_count = result_count + " P(2) ", "                             \
  "error_count = error_count + " P(3) ", "                               \
  "point_count = point_count + " P(4) ", "                               \
  "change_count = change_count + " P(4)                                  \
  ", " BL_IF_LEADS(P, "latest_result_no", P(5))                          \
  ", " BL_IF_LEADS(P, "latest_result_id", P(6))                          \
  ", " BL_IF_LEADS(P, "latest_run_no", P(7))                             \
  ", " BL_IF_LEADS(P, "latest_result_timestamp", P(8))                   \
  ", " BL_IF_LEADS(P, "latest_commit_timestamp", P(9))                   \
  ", " BL_IF_LEADS(P, "latest_commit_sha", P(10))                        \
  ", " BL_IF_LEADS(P, "latest_best", P(11))                              \
  ", " BL_IF_LEADS(P, "latest_mean", P(12))                              \
  ", " BL_IF_LEADS(P, "unit", P(13)) " "

// Their rows are locked: found or made by this transaction.
Result<void> update_series(store::Connection& connection, const AllSeries& all_series,
                           const Runs& runs) {
  static const store::Sql k_update(
      "update bl_series set " BL_SET_SERIES(BL_PARAMETER) "where series_no = $1",
      "update benchlake.series set " BL_SET_SERIES(BL_UNNESTED)
      "from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], "
      "$6::text[], $7::bigint[], $8::bigint[], $9::bigint[], $10::text[], $11::float8[], "
      "$12::float8[], $13::text[], $14::bigint[], $15::bigint[]) as p(v1, v2, v3, v4, v5, v6, v7, "
      "v8, v9, v10, v11, v12, v13, v14, v15) where series_no = p.v1");
  ParamRows rows(15);
  for (const auto& [fingerprint, series] : all_series) {
    const DerivedFact& fact = *series.newest;
    const bool is_point = fact.is_history_point();
    rows.add({series.series_no, series.results, series.errors, series.points, fact.result_no,
              fact.result_id, runs.at(run_name(fact)).run_no, fact.timestamp.micros,
              is_point ? Param(fact.commit_timestamp->micros) : Param(Null{}),
              fact.commit_id ? Param(fact.commit_sha) : Param(Null{}), real_or_null(fact.best),
              real_or_null(fact.summary_mean), text_or_null(fact.unit),
              static_cast<std::int64_t>(is_point), commit_time(fact)});
  }
  return store::execute_rows_later(connection, k_update, rows);
}

// PostgreSQL reads histories from the facts.
Result<void> insert_history(store::Connection& connection, std::span<const DerivedFact> facts,
                            const AllSeries& all_series) {
  if (connection.dialect() == store::Dialect::postgres) return {};
  std::vector<HistoryFact> points;
  for (const DerivedFact& fact : facts) {
    if (!fact.is_history_point()) continue;
    points.push_back({all_series.at(fact.fingerprint).series_no, &fact});
  }
  return put_history_points(connection, points);
}

// PostgreSQL has Conbench's indexes of the facts.
Result<void> insert_by_commit(store::Connection& connection, std::span<const DerivedFact> facts,
                              const AllSeries& all_series) {
  if (connection.dialect() == store::Dialect::postgres) return {};
  ParamRows rows(3);
  for (const DerivedFact& fact : facts) {
    if (!fact.commit_id) continue;
    rows.add({*fact.commit_id, all_series.at(fact.fingerprint).series_no, fact.result_no});
  }
  BL_TRY([[maybe_unused]] auto inserted,
         connection.execute_many("insert into bl_commit_series (commit_id, series_no, result_no) "
                                 "values ($1, $2, $3)",
                                 rows));
  return {};
}

// What the facts add to their series and runs, before it is known which they are.
void tally(std::span<const DerivedFact> facts, AllSeries& all_series, Runs& runs) {
  for (const DerivedFact& fact : facts) {
    SeriesTally& series = all_series.at(fact.fingerprint);
    RunTally& run = runs.at(run_name(fact));
    ++series.results;
    ++run.results;
    if (fact.failed) {
      ++series.errors;
      ++run.errors;
    }
    run.first_at = std::min(run.first_at, fact.timestamp.micros);
    take(series, fact);
  }
}

Result<DerivedRows> find_rows(store::Connection& connection, std::span<const DerivedFact> facts) {
  DerivedRows rows;
  for (const DerivedFact& fact : facts) {
    rows.runs.try_emplace(run_name(fact));
    rows.series.try_emplace(fact.fingerprint);
  }
  BL_RETURN_IF_ERROR(find_later(connection, rows));
  BL_RETURN_IF_ERROR(connection.wait());
  return rows;
}

}  // namespace

Result<void> find_later(store::Connection& connection, DerivedRows& rows) {
  BL_RETURN_IF_ERROR(find_runs_later(connection, rows));
  return find_series_later(connection, rows);
}

Result<void> add_derived(store::Connection& connection, std::span<const DerivedFact> facts,
                         DerivedRows& rows) {
  if (facts.empty()) return {};
  BL_TRY(Runs runs, find_or_create_runs(connection, facts, rows));
  BL_TRY(AllSeries all_series, find_or_create_series(connection, facts, runs, rows));
  tally(facts, all_series, runs);
  BL_RETURN_IF_ERROR(insert_history(connection, facts, all_series));
  BL_RETURN_IF_ERROR(insert_by_commit(connection, facts, all_series));
  BL_RETURN_IF_ERROR(update_series(connection, all_series, runs));
  // Last: every result of a run shares its row, and others wait for it.
  BL_RETURN_IF_ERROR(update_runs(connection, facts, runs, all_series));
  return count(connection, "results", static_cast<std::int64_t>(facts.size()));
}

Result<void> add_derived(store::Connection& connection, std::span<const DerivedFact> facts) {
  if (facts.empty()) return {};
  BL_TRY(DerivedRows rows, find_rows(connection, facts));
  return add_derived(connection, facts, rows);
}

Result<void> add_to_series(store::Connection& connection, std::span<const DerivedFact> facts) {
  if (facts.empty()) return {};
  BL_TRY(DerivedRows rows, find_rows(connection, facts));
  BL_TRY(Runs runs, find_or_create_runs(connection, facts, rows));
  BL_TRY(AllSeries all_series, find_or_create_series(connection, facts, runs, rows));
  tally(facts, all_series, runs);
  return update_series(connection, all_series, runs);
}

Result<void> add_to_runs(store::Connection& connection, std::span<const DerivedFact> facts) {
  if (facts.empty()) return {};
  BL_TRY(DerivedRows rows, find_rows(connection, facts));
  BL_TRY(Runs runs, find_or_create_runs(connection, facts, rows));
  BL_TRY(AllSeries all_series, find_or_create_series(connection, facts, runs, rows));
  tally(facts, all_series, runs);
  return update_runs(connection, facts, runs, all_series);
}

Result<void> add_history_points(store::Connection& connection, std::span<const DerivedFact> facts) {
  std::vector<DerivedFact> points;
  for (const DerivedFact& fact : facts) {
    if (fact.is_history_point()) points.push_back(fact);
  }
  if (points.empty()) return {};
  BL_TRY(DerivedRows rows, find_rows(connection, points));
  BL_TRY(const Runs runs, find_or_create_runs(connection, points, rows));
  BL_TRY(AllSeries all_series, find_or_create_series(connection, points, runs, rows));
  for (const DerivedFact& fact : points) take(all_series.at(fact.fingerprint), fact);
  BL_RETURN_IF_ERROR(insert_history(connection, points, all_series));
  return update_series(connection, all_series, runs);
}

Result<void> count(store::Connection& connection, std::string_view counter, std::int64_t by) {
  if (connection.dialect() == store::Dialect::postgres) return {};
  BL_TRY([[maybe_unused]] auto counted,
         connection.execute("update bl_counter set value = value + $2 where name = $1",
                            {counter, by}));
  return {};
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

std::vector<std::string> search_words(std::string_view text) {
  constexpr std::size_t k_words_max = 16;
  std::vector<std::string> words;
  std::size_t at = 0;
  while (words.size() < k_words_max) {
    const std::size_t begin = text.find_first_not_of(" \t\r\n", at);
    if (begin == std::string_view::npos) break;
    const std::size_t end = std::min(text.find_first_of(" \t\r\n", begin), text.size());
    words.push_back(lower_case(text.substr(begin, end - begin)));
    at = end;
  }
  return words;
}

std::string search_text_of(std::string_view case_name, std::string_view case_tags) {
  std::string text(case_name);
  const auto tags = json::parse(case_tags);
  if (tags.ok() && tags->is_object()) {
    for (const auto& [key, value] : tags->members()) {
      text += ' ';
      text += key;
      text += '=';
      text += value.is_string() ? value.as_string() : json::to_text(value);
    }
  }
  return lower_case(text);
}

}  // namespace bl::results
