#include "results/store_trends.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <ranges>
#include <set>
#include <tuple>
#include <unordered_map>
#include <unordered_set>

#include "results/store/derived.h"
#include "results/store/history_details.h"
#include "results/store/rows.h"
#include "results/store/summary_sql.h"
#include "store/both_dialects.h"

namespace bl::results {
namespace {

using store::Param;

constexpr std::int64_t k_day = 86'400'000'000;

// Trends -------------------------------------------------------------------------------------

/// Of one series, and of one unit: that of its newest result. A line through values of two units
/// would say how they differ.
struct Points {
  std::int64_t series_no = 0;
  std::vector<verdict::TrendPoint> points;
};

constexpr bool is_within(const TrendWindow& window, std::int64_t micros) {
  return micros >= window.since.micros && micros <= window.until.micros;
}

Result<std::vector<verdict::TrendPoint>> points_of(store::Connection& connection,
                                                   std::int64_t series_no, std::string_view unit,
                                                   const TrendWindow& window, SummaryMode mode) {
  std::vector<verdict::TrendPoint> points;
  std::optional<Error> fault;
  BL_RETURN_IF_ERROR(connection.query(
      "select result_timestamp, best, coalesce(summary_mean, mean), details from bl_history "
      "where place >= ($1 << 37) and place < (($1 + 1) << 37) order by place",
      {series_no}, [&](const store::Row& row) {
        const auto value = row.real_or_null(mode == SummaryMode::best ? 1 : 2);
        if (!is_within(window, row.integer(0)) || !value || !std::isfinite(*value)) return true;
        const auto has = unit_of_details(row.text(3));
        if (!has.ok()) fault = has.error();
        if (has.ok() && *has == unit) points.push_back({row.integer(0), *value});
        return !fault;
      }));
  if (fault) return *std::move(fault);
  return points;
}

/// SQLite keeps the points of each series beside each other.
Result<std::vector<Points>> read_points_on_sqlite(store::Connection& connection,
                                                  const TrendQuery& asked, SummaryMode mode,
                                                  std::int64_t points_max, bool& truncated) {
  std::string sql =
      "select series_no, unit from bl_series where name = $1 and point_count > 0 "
      "and unit is not null";
  std::vector<Param> params = {std::string_view(asked.name)};
  if (asked.repository) {
    sql += " and repository = $2";
    params.emplace_back(std::string_view(*asked.repository));
  }
  std::vector<Points> all;
  std::vector<std::string> units;
  BL_RETURN_IF_ERROR(
      connection.query_text(sql + " order by series_no", params, [&](const store::Row& row) {
        all.push_back({row.integer(0), {}});
        units.emplace_back(row.text(1));
        return true;
      }));
  std::int64_t count = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    BL_TRY(all[i].points, points_of(connection, all[i].series_no, units[i], asked.window, mode));
    count += static_cast<std::int64_t>(all[i].points.size());
    if (count <= points_max) continue;
    truncated = true;
    all.resize(i);
  }
  std::erase_if(all, [](const Points& series) { return series.points.empty(); });
  // They come by commit.
  for (Points& series : all) {
    std::ranges::stable_sort(series.points, {}, &verdict::TrendPoint::micros);
  }
  return all;
}

/// Parameters: name, since, until, limit, and the repository where there is one. Columns:
/// series_no, result time, value.
std::string points_on_postgres(const TrendQuery& asked, SummaryMode mode) {
  std::string sql =
      store::in_dialect("select s.series_no, @micros{r.timestamp}, ", store::Dialect::postgres);
  sql += double_on_postgres(summary_on_postgres(mode));
  sql += store::in_dialect(
      " from @series s join benchmark_result r "
      "on r.history_fingerprint = s.history_fingerprint "
      "join \"commit\" c on c.id = r.commit_id "
      "where s.name = $1 and r.timestamp >= @time{$2} and r.timestamp <= @time{$3} "
      "and r.error is null and r.unit = s.unit and cardinality(r.data) > 0 "
      "and array_position(r.data, null) is null and c.sha = c.fork_point_sha "
      "and c.timestamp is not null ",
      store::Dialect::postgres);
  if (asked.repository) sql += "and s.repository = $5 ";
  return sql + "order by s.series_no, r.timestamp, r.id limit $4";
}

Result<std::vector<Points>> read_points_on_postgres(store::Connection& connection,
                                                    const TrendQuery& asked, SummaryMode mode,
                                                    std::int64_t points_max, bool& truncated) {
  std::vector<Param> params = {std::string_view(asked.name), asked.window.since.micros,
                               asked.window.until.micros, points_max + 1};
  if (asked.repository) params.emplace_back(std::string_view(*asked.repository));
  std::vector<Points> all;
  std::int64_t count = 0;
  BL_RETURN_IF_ERROR(
      connection.query_text(points_on_postgres(asked, mode), params, [&](const store::Row& row) {
        if (++count > points_max) return false;
        const auto value = row.real_or_null(2);
        if (!value || !std::isfinite(*value)) return true;
        if (all.empty() || all.back().series_no != row.integer(0)) {
          all.push_back({row.integer(0), {}});
        }
        all.back().points.push_back({row.integer(1), *value});
        return true;
      }));
  truncated = count > points_max;
  if (truncated && !all.empty()) all.pop_back();  // it has not all of its points
  return all;
}

/// Of the benchmark's series, those with points; oldest first.
Result<std::vector<Points>> read_points(store::Connection& connection, const TrendQuery& asked,
                                        SummaryMode mode, std::int64_t points_max,
                                        bool& truncated) {
  return connection.dialect() == store::Dialect::sqlite
             ? read_points_on_sqlite(connection, asked, mode, points_max, truncated)
             : read_points_on_postgres(connection, asked, mode, points_max, truncated);
}

struct Ranked {
  const Points* series;
  verdict::Trend trend;
};

std::vector<Ranked> rank(const std::vector<Points>& all, int stale_days) {
  std::int64_t newest = 0;
  for (const Points& series : all) newest = std::max(newest, series.points.back().micros);
  std::vector<Ranked> ranked;
  for (const Points& series : all) {
    if (series.points.back().micros < newest - stale_days * k_day) continue;
    auto trend = verdict::trend_of(series.points);
    if (trend) ranked.push_back({&series, std::move(*trend)});
  }
  std::stable_sort(ranked.begin(), ranked.end(), [](const Ranked& a, const Ranked& b) {
    return a.trend.relative_change > b.trend.relative_change;
  });
  return ranked;
}

SeriesTrend series_trend(const Ranked& ranked) {
  SeriesTrend one;
  one.trend = ranked.trend;
  for (const std::size_t i : ranked.trend.points) one.points.push_back(ranked.series->points[i]);
  one.outliers = ranked.series->points.size() - one.points.size();
  return one;
}

Result<void> describe(store::Connection& connection, const std::vector<std::int64_t>& numbers,
                      std::vector<SeriesTrend>& trends) {
  store::ParamRows rows(1);
  for (const std::int64_t number : numbers) rows.add({number});
  if (rows.empty()) return {};
  std::optional<Error> fault;
  BL_RETURN_IF_ERROR(connection.query_many(
      store::both_dialects<
          "select s.history_fingerprint, s.tags, s.hardware_name, s.hardware_hash, s.repository, "
          "s.unit, s.latest_result_id, @text{x.tags} from @series s "
          "left join context x on x.id = s.context_id where s.series_no = $1">(),
      rows, [&](std::size_t i, const store::Row& row) {
        SeriesTrend& one = trends[i];
        one.history_fingerprint = row.text(0);
        one.tags_json = row.text(1);
        one.hardware = row.text(2);
        one.hardware_hash = row.text(3);
        one.repository = row.text(4);
        one.unit = row.text(5);
        one.latest_result_id = row.text(6);
        one.less_is_better = direction_of(one.unit) == verdict::Direction::less_is_better;
        auto context = object_text_of(row, 7);
        if (!context.ok()) fault = std::move(context).error();
        if (!fault) one.context_json = std::move(*context);
      }));
  if (fault) return std::move(*fault);
  return {};
}

/// The first `count` of those that grow, or, from the other end, of those that shrink.
Result<std::vector<SeriesTrend>> take_end(store::Connection& connection,
                                          const std::vector<Ranked>& ranked, std::size_t count,
                                          bool grows) {
  std::vector<std::int64_t> numbers;
  std::vector<SeriesTrend> trends;
  for (std::size_t i = 0; i < ranked.size() && trends.size() < count; ++i) {
    const Ranked& one = grows ? ranked[i] : ranked[ranked.size() - 1 - i];
    if (grows ? one.trend.relative_change <= 0 : one.trend.relative_change >= 0) break;
    numbers.push_back(one.series->series_no);
    trends.push_back(series_trend(one));
  }
  BL_RETURN_IF_ERROR(describe(connection, numbers, trends));
  // A series that went since then has no name.
  std::erase_if(trends, [](const SeriesTrend& one) { return one.history_fingerprint.empty(); });
  return trends;
}

// Keys ---------------------------------------------------------------------------------------

struct KeyUse {
  std::set<std::string> values;
  std::int64_t series = 0;
  std::int64_t newest = 0;
};

/// Also says whether there is a series at all.
Result<std::vector<CaseKey>> read_keys(store::Connection& connection, const TrendQuery& asked,
                                       const TrendLimits& limits, bool& is_known) {
  std::string sql = "select s.tags, s.latest_result_timestamp from @series s where s.name = $1";
  std::vector<Param> params = {std::string_view(asked.name), limits.series_max};
  if (asked.repository) {
    sql += " and s.repository = $3";
    params.emplace_back(std::string_view(*asked.repository));
  }
  sql += " order by s.latest_result_timestamp desc limit $2";
  std::map<std::string, KeyUse> uses;
  BL_RETURN_IF_ERROR(connection.query_text(store::in_dialect(sql, connection.dialect()), params,
                                           [&](const store::Row& row) {
                                             is_known = true;
                                             const auto tags = object_of(row, 0);
                                             if (!tags.ok())
                                               return true;  // what it holds cannot be told
                                             for (const auto& [key, value] : tags->members()) {
                                               if (key == "name") continue;
                                               KeyUse& use = uses[key];
                                               use.values.insert(json::to_text(value));
                                               ++use.series;
                                               use.newest = std::max(use.newest, row.integer(1));
                                             }
                                             return true;
                                           }));
  std::vector<CaseKey> keys;
  for (const auto& [key, use] : uses) {
    keys.push_back({.key = key,
                    .value_count = static_cast<std::int64_t>(use.values.size()),
                    .series_count = use.series,
                    .latest_result_timestamp = Timestamp{use.newest},
                    .is_dead = use.newest < asked.window.until.micros - limits.dead_days * k_day});
  }
  return keys;
}

// Measured -----------------------------------------------------------------------------------

/// The window's results on the default branch, newest first. Parameters: since, until, limit, and
/// the repository where there is one. Columns: case, its name, series, time.
std::string measured_sql(const MeasuredQuery& asked, store::Dialect dialect) {
  std::string sql =
      "select r.case_id, k.name, r.history_fingerprint, @micros{r.timestamp} "
      "from benchmark_result r join \"case\" k on k.id = r.case_id "
      "join \"commit\" c on c.id = r.commit_id "
      "where r.timestamp >= @time{$1} and r.timestamp <= @time{$2} and c.sha = c.fork_point_sha ";
  if (asked.repository) sql += "and r.commit_repo_url = $4 ";
  return store::in_dialect(sql + "order by r.timestamp desc, r.id desc limit $3", dialect);
}

struct CaseResults {
  std::string name;
  std::int64_t series = 0;
  std::vector<std::int64_t> times;  // newest first
};

/// By their ids. The windows of SQL take three times as long to say the same.
struct MeasuredCases {
  std::unordered_map<std::string, CaseResults> by_id;
  std::unordered_set<std::string> fingerprints;
  std::int64_t results = 0;
  std::string text;  // of a row; kept for its room

  void take(const store::Row& row) {
    ++results;
    text = row.text(0);
    CaseResults& one = by_id[text];
    if (one.times.empty()) one.name = row.text(1);
    one.times.push_back(row.integer(3));
    text = row.text(2);
    if (fingerprints.insert(text).second) ++one.series;  // a series has one case
  }
};

double recent_results(const CaseResults& one, Timestamp until) {
  constexpr double k_age_days_min = 1.0 / 24;
  const std::size_t newest = std::max<std::size_t>(one.times.size() / 10, 1);
  double age_days = 0;
  for (std::size_t i = 0; i < newest; ++i) {
    age_days += static_cast<double>(until.micros - one.times[i]) / static_cast<double>(k_day) /
                static_cast<double>(newest);
  }
  return static_cast<double>(one.times.size()) / std::max(age_days, k_age_days_min);
}

bool has_words(std::string_view name, const std::vector<std::string>& words) {
  const std::string lower = lower_case(name);
  return std::all_of(words.begin(), words.end(), [&](const std::string& word) {
    return lower.find(word) != std::string::npos;
  });
}

/// By name. Cases in an order of their own values: a sum of doubles depends on it.
std::map<std::string, MeasuredBenchmark> benchmarks_of(const MeasuredCases& cases,
                                                       const MeasuredQuery& asked) {
  const std::vector<std::string> words = search_words(asked.text.value_or(""));
  std::vector<const CaseResults*> wanted;
  for (const auto& [id, one] : cases.by_id) {
    if (has_words(one.name, words)) wanted.push_back(&one);
  }
  std::ranges::sort(wanted, {}, [](const CaseResults* one) {
    return std::tuple(std::string_view(one->name), one->times.size(), one->times.front());
  });
  std::map<std::string, MeasuredBenchmark> by_name;
  for (const CaseResults* one : wanted) {
    MeasuredBenchmark& benchmark = by_name[one->name];
    benchmark.name = one->name;
    ++benchmark.case_count;
    benchmark.series_count += one->series;
    benchmark.result_count += static_cast<std::int64_t>(one->times.size());
    benchmark.latest_result_timestamp =
        std::max(benchmark.latest_result_timestamp, Timestamp{one->times.front()});
    benchmark.recent_results_per_case += recent_results(*one, asked.window.until);
  }
  return by_name;
}

void sort_measured(std::vector<MeasuredBenchmark>& benchmarks, MeasuredQuery::Sort sort) {
  using Sort = MeasuredQuery::Sort;
  std::stable_sort(benchmarks.begin(), benchmarks.end(),
                   [&](const MeasuredBenchmark& a, const MeasuredBenchmark& b) {
                     if (sort == Sort::results) return a.result_count > b.result_count;
                     return sort == Sort::recent &&
                            a.recent_results_per_case > b.recent_results_per_case;
                   });
}

}  // namespace

Result<Trends> StoreTrendReader::trends(const TrendQuery& asked) {
  Trends trends;
  bool is_known = false;
  BL_RETURN_IF_ERROR(database_.read([&](store::Connection& connection) -> Result<void> {
    trends = {};
    is_known = false;
    BL_TRY(trends.keys, read_keys(connection, asked, limits_, is_known));
    if (!is_known) return {};
    BL_TRY(const auto series,
           read_points(connection, asked, mode_, limits_.points_max, trends.truncated));
    const std::vector<Ranked> ranked = rank(series, limits_.stale_days);
    trends.ranked = static_cast<std::int64_t>(ranked.size());
    trends.not_ranked = static_cast<std::int64_t>(series.size()) - trends.ranked;
    BL_TRY(trends.increasing, take_end(connection, ranked, asked.count, true));
    BL_TRY(trends.decreasing, take_end(connection, ranked, asked.count, false));
    return {};
  }));
  if (!is_known) return Error{Code::not_found, "no series has the name " + asked.name};
  return trends;
}

Result<MeasuredBenchmarks> StoreTrendReader::measured(const MeasuredQuery& asked) {
  std::vector<Param> params = {asked.window.since.micros, asked.window.until.micros,
                               limits_.listed_results_max + 1};
  if (asked.repository) params.emplace_back(std::string_view(*asked.repository));
  MeasuredCases cases;
  bool is_cut = false;
  BL_RETURN_IF_ERROR(database_.read([&](store::Connection& connection) {
    cases = {};
    is_cut = false;
    return connection.query_text(measured_sql(asked, connection.dialect()), params,
                                 [&](const store::Row& row) {
                                   is_cut = cases.results == limits_.listed_results_max;
                                   if (!is_cut) cases.take(row);
                                   return !is_cut;
                                 });
  }));
  MeasuredBenchmarks measured;
  measured.truncated = is_cut;
  measured.results_counted = cases.results;
  for (auto& [name, one] : benchmarks_of(cases, asked)) {
    measured.benchmarks.push_back(std::move(one));
  }
  sort_measured(measured.benchmarks, asked.sort);
  measured.more = measured.benchmarks.size() > asked.page_size;
  if (measured.more) measured.benchmarks.resize(asked.page_size);
  return measured;
}

}  // namespace bl::results
