#include "results/store_derived.h"

#include <limits>
#include <tuple>

#include "base/json.h"
#include "results/ports.h"
#include "results/store_rows.h"
#include "results/store_sql.h"

namespace bl::results {
namespace {

using store::Null;
using store::Param;

Param text_or_null(const std::optional<std::string_view>& text) {
  return text ? Param(*text) : Param(Null{});
}
Param real_or_null(const std::optional<double>& value) {
  return value ? Param(*value) : Param(Null{});
}

// Where the newest of something stands; larger is newer.
using Place = std::tuple<std::int64_t, std::int64_t, std::int64_t>;

struct SeriesState {
  std::int64_t series_no = 0;
  std::int64_t point_count = 0;
  Place latest;  // commit time (0 while the series has no point), result time, result number
};

Result<std::optional<SeriesState>> find_series(store::Connection& connection,
                                               std::string_view fingerprint) {
  std::optional<SeriesState> found;
  BL_RETURN_IF_ERROR(
      connection.query(both_dialects<"select series_no, point_count, latest_commit_timestamp, "
                                     "latest_result_timestamp, latest_result_no from @series "
                                     "where history_fingerprint = $1">(),
                       {fingerprint}, [&](const store::Row& row) {
                         found = SeriesState{row.integer(0), row.integer(1),
                                             Place{row.integer(2), row.integer(3), row.integer(4)}};
                         return true;
                       }));
  return found;
}

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

Result<SeriesState> create_series(store::Connection& connection, const DerivedFact& fact,
                                  std::int64_t run_no) {
  const std::string tags = tags_with_name(fact.case_name, fact.case_tags);
  const std::string search_text = search_text_of(fact.case_name, fact.case_tags);
  BL_TRY(
      const auto series_no,
      insert_numbered(
          connection,
          both_dialects<
              "insert into @series (history_fingerprint, context_id, hardware_name, "
              "hardware_hash, repository, name, tags, search_text, result_count, error_count, "
              "point_count, latest_result_no, latest_result_id, latest_run_no, "
              "latest_result_timestamp, change_count, fresh_count, status, change_rank, "
              "sparkline) values ($1, $2, $3, $4, $5, $6, $7, $8, 0, 0, 0, 0, $9, $10, $11, 0, 0, "
              "0, $12, '[]') @returning{series_no}">(),
          {fact.fingerprint, fact.context_id, fact.hardware_name, fact.hardware_hash,
           fact.repository, fact.case_name, std::string_view(tags), std::string_view(search_text),
           fact.result_id, run_no, fact.timestamp.micros, k_rank_without_change}));
  SeriesState created;
  created.series_no = series_no.value_or(0);
  // Older than any result: the first one becomes the latest.
  created.latest = {0, std::numeric_limits<std::int64_t>::min(), 0};
  BL_RETURN_IF_ERROR(count(connection, "series", 1));
  return created;
}

Result<void> insert_history(store::Connection& connection, std::int64_t series_no,
                            const DerivedFact& fact) {
  if (connection.dialect() == store::Dialect::postgres) return {};  // reads the facts
  auto inserted = connection.execute(
      "insert into bl_history (series_no, commit_timestamp, result_timestamp, result_no, best, "
      "summary_mean, begins_change, mean, unit, result_id, run_id, commit_sha, commit_message, "
      "data, run_tags, change_annotations, info_id) "
      "values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)",
      {series_no, fact.commit_timestamp->micros, fact.timestamp.micros, fact.result_no, *fact.best,
       *fact.summary_mean, static_cast<std::int64_t>(fact.begins_change), real_or_null(fact.mean),
       *fact.unit, fact.result_id, fact.run_id, fact.commit_sha, fact.commit_message, fact.data,
       fact.run_tags, fact.change_annotations, fact.info_id});
  if (!inserted.ok()) return std::move(inserted).error();
  return {};
}

// The newest point of the history leads a series; while it has none, its newest result does.
bool leads(const SeriesState& series, const DerivedFact& fact) {
  const bool is_point = fact.is_history_point();
  if (is_point != (series.point_count > 0)) return is_point;
  const std::int64_t commit_time = is_point ? fact.commit_timestamp->micros : 0;
  return Place{commit_time, fact.timestamp.micros, fact.result_no} > series.latest;
}

Result<void> update_series(store::Connection& connection, const SeriesState& series,
                           const DerivedFact& fact, std::int64_t run_no, std::int64_t results) {
  const bool is_point = fact.is_history_point();
  const std::int64_t points = is_point ? 1 : 0;
  const std::int64_t errors = fact.failed ? results : 0;
  if (!leads(series, fact)) {
    auto counted = connection.execute(
        both_dialects<"update @series set result_count = result_count + $2, "
                      "error_count = error_count + $3, point_count = point_count + $4, "
                      "change_count = change_count + $4 where series_no = $1">(),
        {series.series_no, results, errors, points});
    if (!counted.ok()) return std::move(counted).error();
    return {};
  }
  const bool has_commit = fact.commit_id.has_value();
  auto updated = connection.execute(
      both_dialects<"update @series set result_count = result_count + $2, "
                    "error_count = error_count + $3, point_count = point_count + $4, "
                    "change_count = change_count + $4, "
                    "latest_result_no = $5, latest_result_id = $6, latest_run_no = $7, "
                    "latest_result_timestamp = $8, latest_commit_timestamp = $9, "
                    "latest_commit_sha = $10, latest_best = $11, latest_mean = $12, unit = $13 "
                    "where series_no = $1">(),
      {series.series_no, results, errors, points, fact.result_no, fact.result_id, run_no,
       fact.timestamp.micros, is_point ? Param(fact.commit_timestamp->micros) : Param(Null{}),
       has_commit ? Param(fact.commit_sha) : Param(Null{}), real_or_null(fact.best),
       real_or_null(fact.summary_mean), text_or_null(fact.unit)});
  if (!updated.ok()) return std::move(updated).error();
  return {};
}

struct RunState {
  std::int64_t run_no = 0;
  std::int64_t last_result_at = 0;
  std::int64_t latest_result_no = 0;
};

Result<std::optional<RunState>> find_run(store::Connection& connection, const DerivedFact& fact) {
  std::optional<RunState> found;
  BL_RETURN_IF_ERROR(
      connection.query(both_dialects<"select run_no, last_result_at, latest_result_no from @run "
                                     "where run_id = $1 and repository = $2">(),
                       {fact.run_id, fact.repository}, [&](const store::Row& row) {
                         found = RunState{row.integer(0), row.integer(1), row.integer(2)};
                         return true;
                       }));
  return found;
}

Result<RunState> find_or_create_run(store::Connection& connection, const DerivedFact& fact) {
  BL_TRY(auto found, find_run(connection, fact));
  if (found) return *found;
  BL_TRY(const auto run_no,
         insert_numbered(
             connection,
             both_dialects<"insert into @run (run_id, repository, run_reason, run_tags, "
                           "commit_id, latest_batch_id, latest_result_id, latest_result_no, "
                           "first_result_at, last_result_at, result_count, error_count, "
                           "series_count, batch_count) "
                           "values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, 0, 0, 0, 0) "
                           "on conflict do nothing @returning{run_no}">(),
             {fact.run_id, fact.repository, text_or_null(fact.run_reason), fact.run_tags,
              text_or_null(fact.commit_id), text_or_null(fact.batch_id), fact.result_id,
              fact.result_no, fact.timestamp.micros}));
  if (run_no) {
    BL_RETURN_IF_ERROR(count(connection, "runs", 1));
    return RunState{*run_no, fact.timestamp.micros, fact.result_no};
  }
  BL_TRY(found, find_run(connection, fact));
  if (!found)
    return Error{Code::internal, "a run is neither new nor there: " + std::string(fact.run_id)};
  return *found;
}

Result<void> update_run(store::Connection& connection, const RunState& run, const DerivedFact& fact,
                        std::int64_t series_no) {
  BL_TRY(const std::int64_t new_series,
         connection.execute(both_dialects<"insert into @run_series (run_no, series_no) "
                                          "values ($1, $2) on conflict do nothing">(),
                            {run.run_no, series_no}));
  std::int64_t new_batches = 0;
  if (fact.batch_id) {
    BL_TRY(new_batches,
           connection.execute(both_dialects<"insert into @run_batch (run_no, batch_id) "
                                            "values ($1, $2) on conflict do nothing">(),
                              {run.run_no, *fact.batch_id}));
  }
  const std::int64_t errors = fact.failed ? 1 : 0;
  const bool newest = std::tie(fact.timestamp.micros, fact.result_no) >=
                      std::tie(run.last_result_at, run.latest_result_no);
  if (!newest) {
    BL_TRY([[maybe_unused]] auto counted,
           connection.execute(
               both_dialects<"update @run set result_count = result_count + 1, "
                             "error_count = error_count + $2, series_count = series_count + $3, "
                             "batch_count = batch_count + $4, first_result_at = "
                             "case when $5 < first_result_at then $5 else first_result_at end "
                             "where run_no = $1">(),
               {run.run_no, errors, new_series, new_batches, fact.timestamp.micros}));
    return {};
  }
  BL_TRY([[maybe_unused]] auto led,
         connection.execute(
             both_dialects<"update @run set result_count = result_count + 1, "
                           "error_count = error_count + $2, series_count = series_count + $3, "
                           "batch_count = batch_count + $4, last_result_at = $5, run_reason = $6, "
                           "run_tags = $7, commit_id = $8, latest_batch_id = $9, "
                           "latest_result_id = $10, latest_result_no = $11 where run_no = $1">(),
             {run.run_no, errors, new_series, new_batches, fact.timestamp.micros,
              text_or_null(fact.run_reason), fact.run_tags, text_or_null(fact.commit_id),
              text_or_null(fact.batch_id), fact.result_id, fact.result_no}));
  return {};
}

}  // namespace

Result<void> add_derived(store::Connection& connection, const DerivedFact& fact) {
  BL_TRY(const RunState run, find_or_create_run(connection, fact));
  BL_TRY(auto series, find_series(connection, fact.fingerprint));
  if (!series) {
    BL_TRY(series, create_series(connection, fact, run.run_no));
  }
  if (fact.is_history_point()) {
    BL_RETURN_IF_ERROR(insert_history(connection, series->series_no, fact));
  }
  BL_RETURN_IF_ERROR(update_series(connection, *series, fact, run.run_no, 1));
  BL_RETURN_IF_ERROR(update_run(connection, run, fact, series->series_no));
  return count(connection, "results", 1);
}

Result<void> add_history_point(store::Connection& connection, const DerivedFact& fact) {
  if (!fact.is_history_point()) return {};
  BL_TRY(const RunState run, find_or_create_run(connection, fact));
  BL_TRY(auto series, find_series(connection, fact.fingerprint));
  if (!series)
    return Error{Code::internal, "a result without a series: " + std::string(fact.result_id)};
  BL_RETURN_IF_ERROR(insert_history(connection, series->series_no, fact));
  return update_series(connection, *series, fact, run.run_no, 0);
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
