#include "results/store_history.h"

#include <algorithm>
#include <cmath>

#include "results/store/history_details.h"
#include "results/store/history_of_facts.h"
#include "results/store/history_sql.h"
#include "results/store/rows.h"
#include "results/store/text_array.h"
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
  // On PostgreSQL others may have written the facts: they alone say whether there is a series. What
  // then reads the newest commits of a repository is not to read and sort all of them.
  BL_RETURN_IF_ERROR(connection.query(
      store::Sql("select series_no, point_count, repository, hardware_hash from bl_series "
                 "where history_fingerprint = $1",
                 "select 0, 0, r.commit_repo_url, h.hash, set_config('enable_sort', 'off', true) "
                 "from benchmark_result r join hardware h on h.id = r.hardware_id where "
                 "r.history_fingerprint = $1 limit 1"),
      {fingerprint}, [&](const store::Row& row) {
        place = SeriesPlace{row.integer(0), row.integer(1), std::string(row.text(2)),
                            std::string(row.text(3))};
        return true;
      }));
  return place;
}

// Columns: the values; mean; details. The statistics need the values alone.
constexpr store::Sql k_points_sqlite("select " BL_VALUES_SQLITE ", mean, details" BL_FROM_SQLITE);

const store::Sql& values_sql() {
  static const std::string k_postgres =
      "select " + values_on_postgres() + BL_FROM_POSTGRES(BL_FINGERPRINT_OF_SERIES);
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

Result<HistoryPoint> point_of(const store::Row& row, SummaryMode mode, TextArena& texts) {
  BL_TRY(const PointDetails details, unpack_details(row.text(6), texts));
  HistoryPoint point;
  point.commit_timestamp = Timestamp{row.integer(0)};
  point.result_timestamp = Timestamp{row.integer(1)};
  point.mean = row.real_or_null(5);
  point.unit = details.unit;
  point.summary.value = row.real(mode == SummaryMode::best ? 3 : 4);
  point.summary.type = summary_type(point.unit, mode);
  point.result_id = details.result_id;
  point.run_id = details.run_id;
  point.commit_sha = details.commit_sha;
  point.commit_message = details.commit_message;
  point.data_json = details.data;
  point.run_tags_json = details.run_tags;
  point.change_annotations_json = details.change_annotations;
  point.info_id = details.info_id;
  return point;
}

std::pair<std::int64_t, std::int64_t> times_of(const verdict::LookbackRow& row) {
  return {row.commit_time, row.result_time};
}
std::pair<std::int64_t, std::int64_t> times_of(const HistoryPoint& point) {
  return {point.commit_timestamp.micros, point.result_timestamp.micros};
}

// What came in later may be of an earlier commit. What has the same times stays as it came in.
template <class T>
void sort_by_times(std::vector<T>& ordered) {
  const auto times = [](const T& one) { return times_of(one); };
  if (!std::ranges::is_sorted(ordered, {}, times)) std::ranges::stable_sort(ordered, {}, times);
}

Result<std::vector<verdict::LookbackRow>> read_points_on_sqlite(store::Connection& connection,
                                                                const SeriesPlace& place,
                                                                SummaryMode mode,
                                                                History& history) {
  std::vector<verdict::LookbackRow> rows;
  history.points.reserve(static_cast<std::size_t>(place.point_count));
  rows.reserve(static_cast<std::size_t>(place.point_count));
  BL_RETURN_IF_ERROR(for_each_row(connection, k_points_sqlite, {place.series_no},
                                  [&](const store::Row& row) -> Result<void> {
                                    if (!has_value(row, mode)) return {};
                                    rows.push_back(lookback_row_of(row, mode));
                                    BL_TRY(auto point, point_of(row, mode, history.texts));
                                    history.points.push_back(point);
                                    return {};
                                  }));
  sort_by_times(rows);
  sort_by_times(history.points);
  return rows;
}

// Most points of a series share a few infos: each is read once.
Result<void> read_infos(store::Connection& connection, History& history) {
  std::vector<std::string_view> ids;
  for (const HistoryPoint& point : history.points) {
    if (history.infos.try_emplace(std::string(point.info_id)).second) ids.push_back(point.info_id);
  }
  if (ids.empty()) return {};
  const std::string array = text_array(ids, connection.dialect());
  return for_each_row(connection,
                      store::Sql("select id, tags from info where id " BL_ONE_OF_SQLITE,
                                 "select id, tags from info where id " BL_ONE_OF_POSTGRES),
                      {std::string_view(array)}, [&](const store::Row& row) -> Result<void> {
                        BL_TRY(history.infos[std::string(row.text(0))], object_text_of(row, 1));
                        return {};
                      });
}

}  // namespace

Result<std::vector<verdict::LookbackRow>> lookback_rows(store::Connection& connection,
                                                        std::int64_t series_no, SummaryMode mode) {
  std::vector<verdict::LookbackRow> rows;
  BL_RETURN_IF_ERROR(connection.query(values_sql(), {series_no}, [&](const store::Row& row) {
    if (has_value(row, mode)) rows.push_back(lookback_row_of(row, mode));
    return true;
  }));
  sort_by_times(rows);
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
    if (connection.dialect() == store::Dialect::postgres) {
      BL_TRY(rows, read_points_of_facts(connection, fingerprint, mode_, history));
    } else {
      BL_TRY(rows, read_points_on_sqlite(connection, *place, mode_, history));
    }
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
        store::Sql("select r.id, r.case_id, r.context_id, r.times from bl_series s "
                   "join bl_history h on h.place >= (s.series_no << 37) and "
                   "h.place < ((s.series_no + 1) << 37) "
                   "join bl_result_number n on n.no = h.place - (s.series_no << 37) "
                   "join benchmark_result r on r.id = n.id where s.history_fingerprint = $1",
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
