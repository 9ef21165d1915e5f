#include "results/store_series_refresh.h"

#include <limits>

#include "results/store/rows.h"
#include "results/store/setting.h"
#include "results/store_history.h"
#include "results/store_verdict_refresh.h"
#include "store/both_dialects.h"

namespace bl::results {
namespace {

using store::Param;
using store::param_of;

constexpr std::size_t k_sparkline_points = 32;

struct StaleSeries {
  std::int64_t series_no = 0, change_count = 0;
  std::optional<std::string> unit;
  SeriesState state;
};

Result<std::vector<StaleSeries>> find_stale(store::Connection& connection, int limit) {
  std::vector<StaleSeries> stale;
  BL_RETURN_IF_ERROR(connection.query(
      store::both_dialects<"select series_no, change_count, unit from @series "
                           "where change_count <> fresh_count order by series_no limit $1">(),
      {static_cast<std::int64_t>(limit)}, [&](const store::Row& row) {
        stale.push_back({row.integer(0), row.integer(1), row.text_or_null(2), {}});
        return true;
      }));
  return stale;
}

Result<std::vector<StaleSeries>> judge_stale(store::Connection& connection, int limit,
                                             SummaryMode mode, int commits) {
  BL_TRY(std::vector<StaleSeries> stale, find_stale(connection, limit));
  for (StaleSeries& series : stale) {
    BL_TRY(series.state, judge_series(connection, series.series_no, series.unit, mode, commits));
  }
  return stale;
}

// A store that is away fails every series; what cannot be read, or not in time, may be one alone.
bool may_be_one_series(const Error& error) {
  return error.code != Code::unavailable && error.code != Code::overloaded &&
         error.code != Code::io && error.code != Code::cancelled;
}

// One series that cannot be read keeps no other from its judgement: it is `insufficient`, and asked
// again when it changes.
Result<std::vector<StaleSeries>> judge_each(store::Database& database, int limit, SummaryMode mode,
                                            int commits) {
  std::vector<StaleSeries> stale;
  BL_RETURN_IF_ERROR(database.read([&](store::Connection& connection) -> Result<void> {
    BL_TRY(stale, find_stale(connection, limit));
    return {};
  }));
  for (StaleSeries& series : stale) {
    auto judged = database.read([&](store::Connection& connection) -> Result<void> {
      BL_TRY(series.state, judge_series(connection, series.series_no, series.unit, mode, commits));
      return {};
    });
    if (judged.ok()) continue;
    if (!may_be_one_series(judged.error())) return std::move(judged).error();
    series.state = {};
  }
  return stale;
}

Result<void> store_state(store::Connection& connection, const StaleSeries& series) {
  std::string sparkline;
  json::Writer writer(sparkline);
  writer.begin_array();
  for (double value : series.state.sparkline) writer.value(value);
  writer.end_array();
  BL_TRY(
      const std::int64_t updated,
      connection.execute(
          store::both_dialects<"update @series set status = $3, z_score = $4, change_percent = $5, "
                               "change_rank = $6, fresh_count = $2 "
                               "where series_no = $1 and change_count = $2">(),
          {series.series_no, series.change_count, static_cast<std::int64_t>(series.state.status),
           param_of(series.state.z_score), param_of(series.state.change_percent),
           series.state.change_percent.value_or(std::numeric_limits<double>::max())}));
  if (updated == 0) return {};  // it has changed since, and waits for its next judgement
  BL_TRY([[maybe_unused]] const auto waits,
         connection.execute(
             store::both_dialects<"insert into @verdict_due (series_no, kind, change_count) "
                                  "select s.series_no, 0, s.change_count from @series s "
                                  "where s.series_no = $1 and " BL_VERDICTS_ENABLED
                                  " on conflict (series_no) do update set kind = 0, "
                                  "change_count = excluded.change_count">(),
             {series.series_no}));
  BL_TRY([[maybe_unused]] const auto kept,
         connection.execute(
             store::both_dialects<"insert into @series_sparkline (series_no, sparkline) "
                                  "values ($1, $2) on conflict (series_no) do update set "
                                  "sparkline = excluded.sparkline">(),
             {series.series_no, std::string_view(sparkline)}));
  return {};
}

}  // namespace

SeriesState state_of(std::span<const verdict::LookbackRow> points,
                     const std::optional<std::string>& unit, int commits) {
  SeriesState state;
  if (points.empty() || !unit) return state;
  const std::size_t first =
      points.size() > k_sparkline_points ? points.size() - k_sparkline_points : 0;
  for (std::size_t i = first; i < points.size(); ++i) state.sparkline.push_back(points[i].value);

  const auto stats = verdict::lookback(points, {.commits = commits});
  const auto& newest = stats.back();
  const auto direction = direction_of(*unit);
  const double value = points.back().value;
  const auto change = verdict::pairwise(newest.mean_excluding_this_commit, value, direction);
  if (change) state.change_percent = change->score;
  const auto z =
      verdict::z_score({newest.mean_excluding_this_commit, newest.stddev}, value, direction);
  if (!z) return state;
  state.z_score = z->score;
  state.status = z->regression    ? SeriesStatus::regressed
                 : z->improvement ? SeriesStatus::improved
                                  : SeriesStatus::stable;
  return state;
}

Result<SeriesState> judge_series(store::Connection& connection, std::int64_t series_no,
                                 const std::optional<std::string>& unit, SummaryMode mode,
                                 int commits) {
  BL_TRY(const auto rows, lookback_rows(connection, series_no, mode));
  return state_of(rows, unit, commits);
}

Result<void> SeriesRefresher::note_mode() {
  std::string mode = mode_ == SummaryMode::best ? "best" : "mean";
  if (commits_ != 100) mode += " over " + std::to_string(commits_);
  BL_RETURN_IF_ERROR(database_.write([&](store::Connection& connection) -> Result<void> {
    BL_TRY(const auto stored, stored_setting(connection, "summary_mode"));
    // A database that never said is made with the best.
    if (stored.value_or("best") == mode) return {};
    BL_TRY([[maybe_unused]] auto staled,
           connection.execute(
               store::both_dialects<"update @series set change_count = change_count + 1 "
                                    "where change_count = fresh_count and "
                                    "point_count > 0">(),
               {}));
    return keep_setting(connection, "summary_mode", mode);
  }));
  mode_noted_ = true;
  return {};
}

Result<std::int64_t> SeriesRefresher::refresh_some(int limit) {
  if (!mode_noted_) BL_RETURN_IF_ERROR(note_mode());
  std::vector<StaleSeries> stale;
  auto read = database_.read([&](store::Connection& connection) -> Result<void> {
    BL_TRY(stale, judge_stale(connection, limit, mode_, commits_));
    return {};
  });
  if (!read.ok()) {
    if (!may_be_one_series(read.error())) return std::move(read).error();
    BL_TRY(stale, judge_each(database_, limit, mode_, commits_));
  }
  if (stale.empty()) return std::int64_t{0};
  BL_RETURN_IF_ERROR(database_.write([&](store::Connection& connection) -> Result<void> {
    for (const StaleSeries& series : stale) {
      BL_RETURN_IF_ERROR(store_state(connection, series));
    }
    return {};
  }));
  return static_cast<std::int64_t>(stale.size());
}

}  // namespace bl::results
