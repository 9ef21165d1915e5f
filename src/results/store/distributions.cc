#include "results/store_distributions.h"

#include <algorithm>
#include <cmath>

#include "base/numbers.h"
#include "results/store/ancestry.h"
#include "results/store/rows.h"
#include "results/units.h"
#include "store/both_dialects.h"

// A report of thousands of rows reads hundreds of thousands of results here, so what a row costs
// counts: the value is chosen in SQL, a time comes as seconds in a double (exact to the microsecond
// until 2255, and only compared), and nothing comes that is not used.
namespace bl::results {
namespace {

using store::Null;
using store::Param;

constexpr int k_commits_max = 1'000;

// Old rows may lack the aggregates that a summary takes, as those with one or two samples do: then
// the samples give it. [4.3] SQLite does not round decimals as C++ does: there the row is read
// whole.
const std::string& best_on_postgres() {
  static const std::string k_best = [] {
    const std::string more = sql_of_more_is_better("r.unit");
    return "coalesce(case when " + more + " then r.max else r.min end, (select case when " + more +
           " then max(e) else min(e) end from unnest(r.data) e))";
  }();
  return k_best;
}

// The run's series are a set that each row is looked up in: `offset 0` keeps PostgreSQL from asking
// an index once for each row. SQLite walks its own index of results by commit and series.
constexpr std::string_view k_from_sqlite =
    ", r.timestamp / 1e6, json_extract(r.change_annotations, '$.begins_distribution_change') = 1, "
    "r.unit, r.error is not null, r.min, r.max, r.mean, r.data "
    "from bl_commit_series o cross join bl_result_number n on n.no = o.result_no "
    "cross join benchmark_result r on r.id = n.id where o.series_no in "
    "(select u.series_no from bl_run_series u where u.run_no in "
    "(select run_no from bl_run where run_id = $1)) "
    "and r.data <> '[]' and instr(r.data, 'null') = 0 and o.commit_id in (";
constexpr std::string_view k_from_postgres =
    ", date_part('epoch', r.timestamp), "
    "(r.change_annotations -> 'begins_distribution_change') = 'true' "
    "from benchmark_result r where cardinality(r.data) > 0 and "
    "array_position(r.data, null) is null and r.commit_id in (";

// One text for any number of ancestors up to the options': those that are missing are null and
// match nothing.
std::string text_for(const DistributionOptions& options, int commits, bool is_ranged,
                     store::Dialect dialect) {
  const bool is_sqlite = dialect == store::Dialect::sqlite;
  std::string sql = "select r.history_fingerprint, r.commit_id, ";
  sql += is_sqlite || options.mode == SummaryMode::mean ? "r.mean" : best_on_postgres();
  sql += is_sqlite ? k_from_sqlite : k_from_postgres;
  for (int i = 0; i < commits; ++i) sql += (i == 0 ? "$" : ", $") + std::to_string(i + 2);
  sql += ") and r.error is null and r.mean is not null and r.unit is not null";
  const std::string after = " > $" + std::to_string(commits + 2);
  const std::string last = " <= $" + std::to_string(commits + 3);
  if (is_sqlite) {
    if (!is_ranged) return sql;
    return sql + " and o.series_no in (select series_no from bl_series where history_fingerprint" +
           after + " and history_fingerprint" + last + ")";
  }
  // PostgreSQL plans a prepared statement without its bounds: it would take a range for a few rows,
  // and walk the run's series once for each of them. An array is looked up in the index; the run's
  // results are found by their run, never by the range, which all series of the store lie in.
  if (is_ranged) {
    return sql +
           " and r.history_fingerprint = any (array(select distinct history_fingerprint "
           "from benchmark_result where run_id = $1 and (history_fingerprint || '')" +
           after + " and (history_fingerprint || '')" + last + "))";
  }
  return sql +
         " and r.history_fingerprint in (select history_fingerprint from benchmark_result "
         "where run_id = $1 offset 0)";
}

using RowsBySeries = std::unordered_map<std::string, std::vector<verdict::LookbackRow>>;

struct Gathering {
  std::unordered_map<std::string_view, std::int64_t> commit_times;
  RowsBySeries series;
  std::string fingerprint;  // of the row; kept for its room

  bool is_sqlite;
  SummaryMode mode;

  Gathering(const Ancestry& ancestry, store::Dialect dialect, SummaryMode summary_mode)
      : is_sqlite(dialect == store::Dialect::sqlite), mode(summary_mode) {
    for (const Ancestor& commit : ancestry.commits) {
      commit_times.emplace(commit.commit_id, commit.commit_time);
    }
  }
  void take(const store::Row& row) {
    const auto value =
        is_sqlite ? summary_of(summary_columns(row, 5), mode).value : parse_double(row.text(2));
    if (!value || !std::isfinite(*value)) return;
    fingerprint = row.text(0);
    series[fingerprint].push_back({commit_times.at(row.text(1)), std::llround(row.real(3) * 1e6),
                                   *value, row.integer(4) != 0});
  }
};

}  // namespace

Result<std::optional<Distributions>> distributions_of(store::Connection& connection,
                                                      const StoredCommit& commit,
                                                      std::string_view run_id,
                                                      const DistributionOptions& options,
                                                      const SeriesRange& range) {
  std::optional<Distributions> found;
  const int commits = std::clamp(options.commits, 1, k_commits_max);
  BL_TRY(const Ancestry ancestry, ancestry_of(connection, commit, commits));
  if (ancestry.commits.empty()) return found;
  std::vector<Param> params(1 + static_cast<std::size_t>(commits), Null{});
  params[0] = run_id;
  for (std::size_t i = 0; i < ancestry.commits.size(); ++i) {
    params[i + 1] = std::string_view(ancestry.commits[i].commit_id);
  }
  const bool is_ranged = !range.last.empty();
  if (is_ranged) params.insert(params.end(), {range.after, range.last});
  Gathering gathering(ancestry, connection.dialect(), options.mode);
  BL_RETURN_IF_ERROR(
      connection.query_text(text_for(options, commits, is_ranged, connection.dialect()), params,
                            [&](const store::Row& row) {
                              gathering.take(row);
                              return true;
                            }));
  verdict::LookbackOptions window;
  window.window = verdict::LookbackOptions::Window::inclusive;
  window.commits = commits;
  found.emplace();
  for (const auto& [fingerprint, rows] : gathering.series) {
    found->emplace(fingerprint, verdict::distribution(rows, window));
  }
  return found;
}

}  // namespace bl::results
