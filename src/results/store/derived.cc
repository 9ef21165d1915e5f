#include "results/store/derived.h"

#include <limits>
#include <map>
#include <numeric>
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
  std::int64_t run_no = 0;  // 0 until it is found
  std::int64_t results = 0, errors = 0, new_series = 0, new_batches = 0;
  std::int64_t first_at = std::numeric_limits<std::int64_t>::max();
  const DerivedFact* newest = nullptr;
};
using RunName = std::pair<std::string_view, std::string_view>;  // run_id, repository
using Runs = std::map<RunName, RunTally>;

struct SeriesTally {
  std::int64_t series_no = 0;                        // 0 until it is found
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

// What execute_many changed, added to a counter.
Result<void> count_all(store::Connection& connection, std::string_view counter,
                       std::span<const std::int64_t> changed) {
  return count(connection, counter,
               std::accumulate(changed.begin(), changed.end(), std::int64_t{0}));
}

// Runs ---------------------------------------------------------------------------------------

Result<void> find_runs(store::Connection& connection, Runs& runs) {
  std::vector<Runs::value_type*> missing;
  ParamRows names(2);
  for (auto& run : runs) {
    if (run.second.run_no != 0) continue;
    missing.push_back(&run);
    names.add({run.first.first, run.first.second});
  }
  if (missing.empty()) return {};
  return connection.query_many(
      store::both_dialects<"select run_no from @run where run_id = $1 and repository = $2">(),
      names,
      [&](std::size_t i, const store::Row& row) { missing[i]->second.run_no = row.integer(0); });
}

Result<void> create_runs(store::Connection& connection, Runs& runs) {
  ParamRows rows(9);
  for (const auto& [name, run] : runs) {
    if (run.run_no != 0) continue;
    const DerivedFact& fact = *run.newest;
    rows.add({fact.run_id, fact.repository, text_or_null(fact.run_reason), fact.run_tags,
              text_or_null(fact.commit_id), text_or_null(fact.batch_id), fact.result_id,
              fact.result_no, fact.timestamp.micros});
  }
  if (rows.empty()) return {};
  BL_TRY(const auto created,
         connection.execute_many(
             store::both_dialects<"insert into @run (run_id, repository, run_reason, run_tags, "
                                  "commit_id, latest_batch_id, latest_result_id, latest_result_no, "
                                  "first_result_at, last_result_at, result_count, error_count, "
                                  "series_count, batch_count) "
                                  "values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, 0, 0, 0, 0) "
                                  "on conflict do nothing">(),
             rows));
  BL_RETURN_IF_ERROR(count_all(connection, "runs", created));
  return find_runs(connection, runs);
}

Result<Runs> find_or_create_runs(store::Connection& connection,
                                 std::span<const DerivedFact> facts) {
  Runs runs;
  for (const DerivedFact& fact : facts) {
    RunTally& run = runs[run_name(fact)];
    if (run.newest == nullptr || is_newer(fact, *run.newest)) run.newest = &fact;
  }
  BL_RETURN_IF_ERROR(find_runs(connection, runs));
  BL_RETURN_IF_ERROR(create_runs(connection, runs));
  for (const auto& [name, run] : runs) {
    if (run.run_no != 0) continue;
    return Error{Code::internal, "a run is neither new nor there: " + std::string(name.first)};
  }
  return runs;
}

// Which series and batches a run has not had yet.
Result<void> add_members(store::Connection& connection, std::span<const DerivedFact> facts,
                         Runs& runs, const AllSeries& all_series) {
  static const store::Sql k_add_series(
      "insert into bl_run_series (run_no, series_no) values ($1, $2) on conflict do nothing",
      "with p as (select * from unnest($1::bigint[], $2::bigint[]) with ordinality "
      "as p(run_no, series_no, place)), "
      "added as (insert into benchlake.run_series (run_no, series_no) select run_no, series_no "
      "from p on conflict do nothing returning run_no, series_no) "
      "select p.place from added join p using (run_no, series_no)");
  static const store::Sql k_add_batches(
      "insert into bl_run_batch (run_no, batch_id) values ($1, $2) on conflict do nothing",
      "with p as (select * from unnest($1::bigint[], $2::text[]) with ordinality "
      "as p(run_no, batch_id, place)), "
      "added as (insert into benchlake.run_batch (run_no, batch_id) select run_no, batch_id "
      "from p on conflict do nothing returning run_no, batch_id) "
      "select p.place from added join p using (run_no, batch_id)");
  std::map<std::pair<std::int64_t, std::int64_t>, RunTally*> series;
  std::map<std::pair<std::int64_t, std::string_view>, RunTally*> batches;
  for (const DerivedFact& fact : facts) {
    RunTally& run = runs.at(run_name(fact));
    series.try_emplace({run.run_no, all_series.at(fact.fingerprint).series_no}, &run);
    if (fact.batch_id) batches.try_emplace({run.run_no, *fact.batch_id}, &run);
  }
  ParamRows series_rows(2);
  for (const auto& [key, run] : series) series_rows.add({key.first, key.second});
  BL_TRY(const auto new_series, store::insert_rows(connection, k_add_series, series_rows));
  std::size_t i = 0;
  for (const auto& [key, run] : series) run->new_series += new_series[i++];
  if (batches.empty()) return {};
  ParamRows batch_rows(2);
  for (const auto& [key, run] : batches) batch_rows.add({key.first, key.second});
  BL_TRY(const auto new_batches, store::insert_rows(connection, k_add_batches, batch_rows));
  i = 0;
  for (const auto& [key, run] : batches) run->new_batches += new_batches[i++];
  return {};
}

// The newest result leads a run; the row itself is asked whether this pass brings one.
#define BL_IF_NEWER(column, value)                                                                 \
  column " = case when (last_result_at, latest_result_no) <= ($7, $8) then " value " else " column \
         " end"
#define BL_UPDATE_RUN \
  "update @run set result_count = result_count + $2, "              \
  "error_count = error_count + $3, "                                \
  "series_count = series_count + $4, "                              \
  "batch_count = batch_count + $5, "                                \
  "first_result_at = "                                              \
  "case when $6 < first_result_at then $6 else first_result_at end" \
  ", " BL_IF_NEWER("run_reason", "$9")                              \
  ", " BL_IF_NEWER("run_tags", "$10")                               \
  ", " BL_IF_NEWER("commit_id", "$11")                              \
  ", " BL_IF_NEWER("latest_batch_id", "$12")                        \
  ", " BL_IF_NEWER("latest_result_id", "$13")                       \
  ", " BL_IF_NEWER("latest_result_no", "$8")                        \
  ", " BL_IF_NEWER("last_result_at", "$7")                          \
  "@postgres{, " BL_IF_NEWER("last_result_hour", "$7 / 3600000000") \
  "} where run_no = $1"

Result<void> update_runs(store::Connection& connection, const Runs& runs) {
  ParamRows rows(13);
  for (const auto& [name, run] : runs) {
    const DerivedFact& fact = *run.newest;
    rows.add({run.run_no, run.results, run.errors, run.new_series, run.new_batches, run.first_at,
              fact.timestamp.micros, fact.result_no, text_or_null(fact.run_reason), fact.run_tags,
              text_or_null(fact.commit_id), text_or_null(fact.batch_id), fact.result_id});
  }
  auto updated = connection.execute_many(store::both_dialects<BL_UPDATE_RUN>(), rows);
  if (!updated.ok()) return std::move(updated).error();
  return {};
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

// PostgreSQL: they are locked, in the order of their fingerprints.
Result<void> find_series(store::Connection& connection, AllSeries& all_series) {
  static const store::Sql k_find(
      "select series_no from bl_series where history_fingerprint = $1",
      "select s.series_no, p.place from unnest($1::text[]) with ordinality as p(fingerprint, "
      "place) "
      "cross join lateral (select series_no from benchlake.series "
      "where history_fingerprint = p.fingerprint limit 1 for no key update) s");
  std::vector<SeriesTally*> missing;
  ParamRows fingerprints(1);
  for (auto& [fingerprint, series] : all_series) {
    if (series.series_no != 0) continue;
    missing.push_back(&series);
    fingerprints.add({fingerprint});
  }
  return store::query_rows(
      connection, k_find, 2, fingerprints,
      [&](std::size_t i, const store::Row& row) { missing[i]->series_no = row.integer(0); });
}

// A new row leads with a number below every other, those of old results too.
#define BL_NEW_SERIES                                                                        \
  "(history_fingerprint, context_id, hardware_name, hardware_hash, repository, name, tags, " \
  "search_text, latest_result_id, latest_run_no, latest_result_timestamp, change_rank, "     \
  "result_count, error_count, point_count, latest_result_no, change_count, fresh_count, status) "
#define BL_NEW_SERIES_VALUES "0, 0, 0, -4611686018427387904, 0, 0, 0"

Result<void> create_series(store::Connection& connection, AllSeries& all_series, const Runs& runs) {
  static const store::Sql k_create(
      "insert into bl_series " BL_NEW_SERIES
      "values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, " BL_NEW_SERIES_VALUES
      ") on conflict do nothing",
      "with p as (select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], "
      "$5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::bigint[], $11::bigint[], "
      "$12::float8[]) with ordinality as p(v1, v2, v3, v4, v5, v6, v7, v8, v9, v10, v11, v12, "
      "place)), "
      "added as (insert into benchlake.series " BL_NEW_SERIES
      "select v1, v2, v3, v4, v5, v6, v7, v8, v9, v10, v11, v12, " BL_NEW_SERIES_VALUES
      " from p on conflict do nothing returning history_fingerprint) "
      "select p.place from added join p on p.v1 = added.history_fingerprint");
  std::vector<std::string> texts;  // what the rows borrow
  texts.reserve(2 * all_series.size());
  ParamRows rows(12);
  for (const auto& [fingerprint, series] : all_series) {
    if (series.series_no != 0) continue;
    const DerivedFact& fact = *series.first;
    texts.push_back(tags_with_name(fact.case_name, fact.case_tags));
    texts.push_back(search_text_of(fact.case_name, fact.case_tags));
    rows.add({fact.fingerprint, fact.context_id, fact.hardware_name, fact.hardware_hash,
              fact.repository, fact.case_name, std::string_view(texts[texts.size() - 2]),
              std::string_view(texts.back()), fact.result_id, runs.at(run_name(fact)).run_no,
              fact.timestamp.micros, k_rank_without_change});
  }
  if (rows.empty()) return {};
  BL_TRY(const auto created, store::insert_rows(connection, k_create, rows));
  BL_RETURN_IF_ERROR(count_all(connection, "series", created));
  return find_series(connection, all_series);
}

Result<AllSeries> find_or_create_series(store::Connection& connection,
                                        std::span<const DerivedFact> facts, const Runs& runs) {
  AllSeries all_series;
  for (const DerivedFact& fact : facts) {
    SeriesTally& series = all_series[fact.fingerprint];
    if (series.first == nullptr) series.first = &fact;
  }
  BL_RETURN_IF_ERROR(find_series(connection, all_series));
  BL_RETURN_IF_ERROR(create_series(connection, all_series, runs));
  for (const auto& [fingerprint, series] : all_series) {
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
#define BL_PARAMETER(n) "$" #n
#define BL_UNNESTED(n) "p.v" #n

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
  BL_TRY([[maybe_unused]] const auto updated, store::execute_rows(connection, k_update, rows));
  return {};
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

}  // namespace

Result<void> add_derived(store::Connection& connection, std::span<const DerivedFact> facts) {
  if (facts.empty()) return {};
  BL_TRY(Runs runs, find_or_create_runs(connection, facts));
  BL_TRY(AllSeries all_series, find_or_create_series(connection, facts, runs));
  tally(facts, all_series, runs);
  BL_RETURN_IF_ERROR(insert_history(connection, facts, all_series));
  BL_RETURN_IF_ERROR(insert_by_commit(connection, facts, all_series));
  BL_RETURN_IF_ERROR(update_series(connection, all_series, runs));
  BL_RETURN_IF_ERROR(add_members(connection, facts, runs, all_series));
  // Last: every result of a run shares its row, and others wait for it.
  BL_RETURN_IF_ERROR(update_runs(connection, runs));
  return count(connection, "results", static_cast<std::int64_t>(facts.size()));
}

Result<void> add_to_series(store::Connection& connection, std::span<const DerivedFact> facts) {
  if (facts.empty()) return {};
  BL_TRY(Runs runs, find_or_create_runs(connection, facts));
  BL_TRY(AllSeries all_series, find_or_create_series(connection, facts, runs));
  tally(facts, all_series, runs);
  return update_series(connection, all_series, runs);
}

Result<void> add_to_runs(store::Connection& connection, std::span<const DerivedFact> facts) {
  if (facts.empty()) return {};
  BL_TRY(Runs runs, find_or_create_runs(connection, facts));
  BL_TRY(AllSeries all_series, find_or_create_series(connection, facts, runs));
  tally(facts, all_series, runs);
  BL_RETURN_IF_ERROR(add_members(connection, facts, runs, all_series));
  return update_runs(connection, runs);
}

Result<void> add_history_points(store::Connection& connection, std::span<const DerivedFact> facts) {
  std::vector<DerivedFact> points;
  for (const DerivedFact& fact : facts) {
    if (fact.is_history_point()) points.push_back(fact);
  }
  if (points.empty()) return {};
  BL_TRY(const Runs runs, find_or_create_runs(connection, points));
  BL_TRY(AllSeries all_series, find_or_create_series(connection, points, runs));
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
