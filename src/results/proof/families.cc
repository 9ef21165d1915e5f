#include "results/proof/families.h"

#include <array>

namespace bl::results::proof {
namespace {

constexpr std::int64_t k_day = 86'400'000'000;

using enum Family::Kind;
constexpr std::array k_families = {
    Family{"history", "all results of one of the longest series", broad},
    Family{"history_year", "the last twelve months of it", broad},
    Family{"rollup", "what asks for attention in a repository, of 30 days", broad},
    Family{"compare", "two runs, series by series", targeted},
    Family{"browse", "the newest 50 results of a repository in 30 days", broad},
    Family{"newest", "the newest 50 results of all", broad},
    Family{"discovery", "the series by their newest result, each with its count", broad},
    Family{"count", "how many results there are", broad},
};

constexpr std::string_view k_history =
    "SELECT timestamp, commit_timestamp, run_id, mean, unit, failed FROM results WHERE "
    "fingerprint64 = $1 AND history_fingerprint = $2 ORDER BY commit_timestamp, result_no";
constexpr std::string_view k_history_year =
    "SELECT timestamp, commit_timestamp, run_id, mean, unit, failed FROM results WHERE "
    "fingerprint64 = $1 AND history_fingerprint = $2 AND timestamp >= $3 "
    "ORDER BY commit_timestamp, result_no";
constexpr std::string_view k_rollup =
    "WITH w AS (SELECT fingerprint64, history_fingerprint, commit_timestamp, summary_mean, failed "
    "FROM results WHERE repository_no = $1 AND timestamp >= $2), "
    "g AS (SELECT fingerprint64, history_fingerprint, arg_max(summary_mean, commit_timestamp) AS "
    "latest, count(*) AS n, avg(summary_mean) AS center, stddev_samp(summary_mean) AS spread, "
    "count(*) FILTER (failed) AS errors FROM w GROUP BY fingerprint64, history_fingerprint) "
    "SELECT *, (latest - center) / nullif(spread, 0) AS z FROM g "
    "ORDER BY abs(z) DESC NULLS LAST, history_fingerprint LIMIT 50";
constexpr std::string_view k_compare =
    "WITH c AS (SELECT history_fingerprint AS f, mean FROM results WHERE run_id = $1 AND timestamp "
    "BETWEEN $3 AND $4), b AS (SELECT history_fingerprint AS f, mean FROM results WHERE run_id = "
    "$2 AND timestamp BETWEEN $3 AND $4) SELECT f, c.mean AS contender, b.mean AS baseline, "
    "100 * (c.mean - b.mean) / nullif(b.mean, 0) AS percent FROM c FULL JOIN b USING (f) "
    "ORDER BY f";
constexpr std::string_view k_browse =
    "SELECT result_no, id_high, id_low, id_text, run_id, run_reason, timestamp, mean, unit FROM "
    "results WHERE repository_no = $1 AND timestamp >= $2 ORDER BY timestamp DESC, result_no DESC "
    "LIMIT 50";
constexpr std::string_view k_newest =
    "SELECT result_no, id_high, id_low, id_text, run_id, run_reason, timestamp, mean, unit FROM "
    "results WHERE timestamp >= $1 ORDER BY timestamp DESC, result_no DESC LIMIT 50";
constexpr std::string_view k_discovery =
    "SELECT history_fingerprint, any_value(repository_no) AS repository_no, min(timestamp) AS "
    "first_seen, max(timestamp) AS last_seen, count(*) AS n FROM results GROUP BY fingerprint64, "
    "history_fingerprint ORDER BY last_seen DESC, history_fingerprint LIMIT 100";

lake::ColumnRange equal(const char* column, std::int64_t value) {
  return {column, lake::Bound(value), lake::Bound(value)};
}
lake::ColumnRange since(Timestamp time) {
  return {"timestamp", lake::Bound(time), {}};
}

template <class T>
const T& at(const std::vector<T>& all, std::size_t i) {
  return all[i % all.size()];
}

Result<columns::Batch> ask(lake::Lake& lake, const char* table, const std::string& select) {
  BL_TRY(const auto its, lake.table(table));
  const lake::Snapshot snapshot = its->snapshot();
  std::vector<const lake::DataFile*> files;
  std::vector<std::string> paths;
  for (const lake::DataFile& file : snapshot.files().files()) {
    files.push_back(&file);
    paths.push_back(lake.store().address(file.key));
  }
  BL_TRY(const auto connection, lake.engine().connect());
  BL_TRY(const auto relation, lake::relation_of(*connection, snapshot, files, paths, "tail"));
  BL_TRY(duck::Answer answer,
         connection->query("WITH rows AS (SELECT * FROM " + relation.sql + ") " + select));
  return answer.all();
}

}  // namespace

std::span<const Family> all_families() {
  return k_families;
}

Result<Samples> draw_samples(lake::Lake& lake) {
  Samples samples;
  BL_TRY(const columns::Batch series,
         ask(lake, "results",
             "SELECT fingerprint64, history_fingerprint, max(timestamp) AS newest FROM rows GROUP "
             "BY ALL ORDER BY count(*) DESC, history_fingerprint LIMIT 300"));
  BL_TRY(const auto keys, series.column(0).as<std::int64_t>());
  BL_TRY(const auto fingerprints, series.column(1).as<std::string_view>());
  for (std::int64_t i = 0; i < series.rows(); ++i) {
    samples.series.push_back({keys[i], std::string(fingerprints[i])});
  }
  BL_TRY(const columns::Batch newest, ask(lake, "results", "SELECT max(timestamp) FROM rows"));
  BL_TRY(const auto newest_at, newest.column(0).as<Timestamp>());
  if (samples.series.empty() || newest_at.is_null(0)) {
    return Error{Code::not_found, "there are no results to ask about"};
  }
  samples.newest = newest_at[0];
  BL_TRY(const columns::Batch pairs,
         ask(lake, "runs",
             "SELECT * FROM (SELECT run_id AS contender, lag(run_id) OVER one AS baseline, "
             "least(first_result_at, lag(first_result_at) OVER one) AS b, "
             "greatest(last_result_at, lag(last_result_at) OVER one) AS e FROM rows WINDOW one AS "
             "(PARTITION BY repository ORDER BY first_result_at, run_id)) WHERE baseline IS NOT "
             "NULL ORDER BY e DESC, contender LIMIT 200"));
  BL_TRY(const auto contenders, pairs.column(0).as<std::string_view>());
  BL_TRY(const auto baselines, pairs.column(1).as<std::string_view>());
  BL_TRY(const auto begins, pairs.column(2).as<Timestamp>());
  BL_TRY(const auto ends, pairs.column(3).as<Timestamp>());
  for (std::int64_t i = 0; i < pairs.rows(); ++i) {
    samples.pairs.push_back(
        {std::string(baselines[i]), std::string(contenders[i]), begins[i], ends[i]});
  }
  BL_TRY(const columns::Batch repositories,
         ask(lake, "repositories", "SELECT repository_no, repository FROM rows ORDER BY 1"));
  BL_TRY(const auto numbers, repositories.column(0).as<std::int64_t>());
  BL_TRY(const auto texts, repositories.column(1).as<std::string_view>());
  for (std::int64_t i = 0; i < repositories.rows(); ++i) {
    samples.repositories.push_back({numbers[i], std::string(texts[i])});
  }
  return samples;
}

engine::Query question_of(const Family& family, const Samples& samples, std::size_t i,
                          const lake::Snapshot& snapshot) {
  engine::Query query;
  std::vector<lake::ColumnRange> ranges;
  const auto text = [](const std::string& s) { return duck::Value(s); };
  const Timestamp month_ago{samples.newest.micros - 30 * k_day};
  if (family.name == "history" || family.name == "history_year") {
    const SeriesKey& series = at(samples.series, i);
    query.sql = k_history;
    query.parameters = {duck::Value(series.key), text(series.fingerprint)};
    ranges = {equal("fingerprint64", series.key)};
    if (family.name == "history_year") {
      const Timestamp year_ago{samples.newest.micros - 365 * k_day};
      query.sql = k_history_year;
      query.parameters.emplace_back(year_ago);
      ranges.push_back(since(year_ago));
    }
  } else if (family.name == "rollup" || family.name == "browse") {
    const std::int64_t repository = at(samples.repositories, i).number;
    query.sql = family.name == "rollup" ? k_rollup : k_browse;
    query.parameters = {duck::Value(repository), duck::Value(month_ago)};
    ranges = {equal("repository_no", repository), since(month_ago)};
  } else if (family.name == "compare") {
    const RunPairKey& pair = at(samples.pairs, i);
    query.sql = k_compare;
    query.parameters = {text(pair.contender), text(pair.baseline), duck::Value(pair.begin),
                        duck::Value(pair.end)};
    ranges = {{"timestamp", lake::Bound(pair.begin), lake::Bound(pair.end)}};
  } else if (family.name == "newest") {
    const Timestamp week_ago{samples.newest.micros - 7 * k_day};
    query.sql = k_newest;
    query.parameters = {duck::Value(week_ago)};
    ranges = {since(week_ago)};
  } else {
    query.sql =
        family.name == "discovery" ? std::string(k_discovery) : "SELECT count(*) AS n FROM results";
  }
  query.tables.push_back({"results", snapshot, std::move(ranges), {}});
  query.limits = {
      .time_max = std::chrono::minutes(5), .rows_max = 1'000'000, .bytes_max = 1ull << 30};
  return query;
}

}  // namespace bl::results::proof
