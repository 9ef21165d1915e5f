#include "results/store_history.h"

#include <cmath>

#include "results/store/rows.h"
#include "results/units.h"
#include "store/both_dialects.h"

namespace bl::results {
namespace {

// A series as the history needs it.
struct SeriesPlace {
  std::int64_t series_no = 0;
  std::int64_t point_count = 0;
  std::string repository, hardware_hash;
};

Result<std::optional<SeriesPlace>> find_place(store::Connection& connection,
                                              std::string_view fingerprint) {
  std::optional<SeriesPlace> place;
  // On PostgreSQL others may have written the facts: they alone say whether there is a series.
  BL_RETURN_IF_ERROR(connection.query(
      store::Sql(
          "select series_no, point_count, repository, hardware_hash from bl_series "
          "where history_fingerprint = $1",
          "select 0, 0, r.commit_repo_url, h.hash from benchmark_result r "
          "join hardware h on h.id = r.hardware_id where r.history_fingerprint = $1 limit 1"),
      {fingerprint}, [&](const store::Row& row) {
        place = SeriesPlace{row.integer(0), row.integer(1), std::string(row.text(2)),
                            std::string(row.text(3))};
        return true;
      }));
  return place;
}

// The clustered copy on SQLite; the facts themselves on PostgreSQL. Columns: commit time, result
// time, begins_change, best, summary_mean, mean, unit, result_id, run_id, sha, message, data,
// run_tags, change_annotations, info_id; the statistics need the first five.
#define BL_VALUES_SQLITE "commit_timestamp, result_timestamp, begins_change, best, summary_mean"
#define BL_FROM_SQLITE                     \
  " from bl_history where series_no = $1 " \
  "order by series_no, commit_timestamp, result_timestamp, result_no"
#define BL_POINTS_SQLITE                          \
  "select " BL_VALUES_SQLITE                      \
  ", mean, unit, result_id, run_id, commit_sha, " \
  "commit_message, data, run_tags, change_annotations, info_id" BL_FROM_SQLITE

// Old rows may lack the aggregates that a summary takes: then the samples give it. [4.6]
std::string best_on_postgres() {
  const std::string more = sql_of_more_is_better("r.unit");
  return "coalesce(case when " + more + " then r.max else r.min end, (select case when " + more +
         " then max(e) else min(e) end from unnest(r.data) e))";
}

std::string double_of(const std::string& numeric) {
  return "case when abs(" + numeric + ") < 1.797693134862315807e308 then (" + numeric +
         ")::float8 end";
}

const std::string& values_on_postgres() {
  static const std::string k_columns =
      "(extract(epoch from c.timestamp) * 1000000)::bigint, "
      "(extract(epoch from r.timestamp) * 1000000)::bigint, "
      "(coalesce(r.change_annotations -> 'begins_distribution_change', 'false') = 'true')::int, " +
      double_of(best_on_postgres()) + ", " +
      double_of("coalesce(r.mean, (select avg(e) from unnest(r.data) e))");
  return k_columns;
}

// The series' rows first: the planner takes commits of the default branch for few, and would look
// for the series' results once for each of them.
#define BL_ROWS_POSTGRES(fingerprint)                       \
  "with r as materialized (select * from benchmark_result " \
  "where history_fingerprint = " fingerprint                \
  " and error is null and unit is not null "                \
  "and cardinality(data) > 0 and array_position(data, null) is null) "
#define BL_FINGERPRINT_OF_SERIES \
  "(select history_fingerprint from benchlake.series where series_no = $1)"
#define BL_FROM_POSTGRES                                        \
  " from r join \"commit\" c on c.id = r.commit_id "            \
  "where c.sha = c.fork_point_sha and c.timestamp is not null " \
  "order by c.timestamp, r.timestamp, r.id"

const store::Sql& points_sql() {
  static const std::string k_postgres =
      BL_ROWS_POSTGRES("$1") "select " + values_on_postgres() + ", " + double_of("r.mean") +
      ", r.unit, r.id, r.run_id, c.sha, c.message, array_to_json(r.data)::text, r.run_tags::text, "
      "coalesce(nullif(r.change_annotations, 'null')::text, '{}'), r.info_id" BL_FROM_POSTGRES;
  static const store::Sql k_sql(BL_POINTS_SQLITE, k_postgres.c_str());
  return k_sql;
}

const store::Sql& values_sql() {
  static const std::string k_postgres = BL_ROWS_POSTGRES(BL_FINGERPRINT_OF_SERIES) "select " +
                                        values_on_postgres() + BL_FROM_POSTGRES;
  static const store::Sql k_sql("select " BL_VALUES_SQLITE BL_FROM_SQLITE, k_postgres.c_str());
  return k_sql;
}

// NaN, and what no double holds: an old row may have it.
bool has_value(const store::Row& row, SummaryMode mode) {
  const auto value = row.real_or_null(mode == SummaryMode::best ? 3 : 4);
  return value && std::isfinite(*value);
}

verdict::LookbackRow lookback_row_of(const store::Row& row, SummaryMode mode) {
  return {row.integer(0), row.integer(1), row.real(mode == SummaryMode::best ? 3 : 4),
          row.integer(2) != 0};
}

// An object as our own writer left it; jsonb is written out in an order and with blanks of its own.
Result<std::string_view> object_text(const store::Row& row, int column, store::Dialect dialect,
                                     TextArena& texts) {
  if (dialect == store::Dialect::sqlite) return texts.keep(row.text(column));
  BL_TRY(const std::string text, object_text_of(row, column));
  return texts.keep(text);
}

Result<HistoryPoint> point_of(const store::Row& row, SummaryMode mode, store::Dialect dialect,
                              TextArena& texts) {
  HistoryPoint point;
  const auto text = [&](int column) { return texts.keep(row.text(column)); };
  point.commit_timestamp = Timestamp{row.integer(0)};
  point.result_timestamp = Timestamp{row.integer(1)};
  point.mean = row.real_or_null(5);
  point.unit = text(6);
  point.summary.value = row.real(mode == SummaryMode::best ? 3 : 4);
  point.summary.type = summary_type(point.unit, mode);
  point.result_id = text(7);
  point.run_id = text(8);
  point.commit_sha = text(9);
  point.commit_message = text(10);
  point.data_json = text(11);
  BL_TRY(point.run_tags_json, object_text(row, 12, dialect, texts));
  BL_TRY(point.change_annotations_json, object_text(row, 13, dialect, texts));
  point.info_id = text(14);
  return point;
}

// Most points of a series share a few infos: each is read once.
Result<void> read_infos(store::Connection& connection, History& history) {
  for (const HistoryPoint& point : history.points) {
    if (history.infos.find(point.info_id) != history.infos.end()) continue;
    std::string& info = history.infos[std::string(point.info_id)];
    BL_RETURN_IF_ERROR(for_each_row(
        connection, store::both_dialects<"select @text{tags} from info where id = $1">(),
        {point.info_id}, [&info](const store::Row& row) -> Result<void> {
          BL_TRY(info, object_text_of(row, 0));
          return {};
        }));
  }
  return {};
}

}  // namespace

Result<std::vector<verdict::LookbackRow>> lookback_rows(store::Connection& connection,
                                                        std::int64_t series_no, SummaryMode mode) {
  std::vector<verdict::LookbackRow> rows;
  BL_RETURN_IF_ERROR(connection.query(values_sql(), {series_no}, [&](const store::Row& row) {
    if (has_value(row, mode)) rows.push_back(lookback_row_of(row, mode));
    return true;
  }));
  return rows;
}

Result<History> StoreHistoryReader::history(std::string_view fingerprint) {
  History history;
  history.fingerprint = fingerprint;
  std::vector<verdict::LookbackRow> rows;
  bool found = false;
  BL_RETURN_IF_ERROR(database_.read([&](store::Connection& connection) -> Result<void> {
    BL_TRY(const auto place, find_place(connection, fingerprint));
    found = place.has_value();
    if (!found) return {};
    history.repository = place->repository;
    history.hardware_hash = place->hardware_hash;
    history.points.clear();
    history.infos.clear();
    history.texts = TextArena();
    rows.clear();
    const bool is_sqlite = connection.dialect() == store::Dialect::sqlite;
    const store::Param series =
        is_sqlite ? store::Param(place->series_no) : store::Param(fingerprint);
    history.points.reserve(static_cast<std::size_t>(place->point_count));
    rows.reserve(static_cast<std::size_t>(place->point_count));
    BL_RETURN_IF_ERROR(for_each_row(
        connection, points_sql(), {series}, [&](const store::Row& row) -> Result<void> {
          if (!has_value(row, mode_)) return {};
          rows.push_back(lookback_row_of(row, mode_));
          BL_TRY(auto point, point_of(row, mode_, connection.dialect(), history.texts));
          history.points.push_back(point);
          return {};
        }));
    return read_infos(connection, history);
  }));
  if (!found) {
    return Error{Code::not_found, "no series has the fingerprint " + std::string(fingerprint)};
  }
  const auto stats = verdict::lookback(rows, {.commits = commits_});
  for (std::size_t i = 0; i < stats.size(); ++i) history.points[i].lookback = stats[i];
  return history;
}

Result<HistoryDetails> StoreHistoryReader::details(std::string_view fingerprint) {
  HistoryDetails details;
  BL_RETURN_IF_ERROR(database_.read([&](store::Connection& connection) {
    details = {};
    return connection.query(
        store::Sql("select r.id, r.case_id, r.context_id, r.times from bl_history h "
                   "join benchmark_result r on r.id = h.result_id where h.series_no = "
                   "(select series_no from bl_series where history_fingerprint = $1)",
                   "select id, case_id, context_id, array_to_json(times)::text "
                   "from benchmark_result where history_fingerprint = $1 and error is null"),
        {fingerprint}, [&](const store::Row& row) {
          details.case_id = row.text(1);
          details.context_id = row.text(2);
          details.times_jsons.emplace(row.text(0), row.text_or_null(3).value_or("[]"));
          return true;
        });
  }));
  return details;
}

Result<std::string> StoreHistoryReader::fingerprint_of(std::string_view result_id) {
  std::optional<std::string> fingerprint;
  BL_RETURN_IF_ERROR(database_.read([&](store::Connection& connection) {
    return connection.query("select history_fingerprint from benchmark_result where id = $1",
                            {result_id}, [&](const store::Row& row) {
                              fingerprint = row.text(0);
                              return true;
                            });
  }));
  if (!fingerprint) {
    return Error{Code::not_found, "no benchmark result has the id " + std::string(result_id)};
  }
  return std::move(*fingerprint);
}

}  // namespace bl::results
