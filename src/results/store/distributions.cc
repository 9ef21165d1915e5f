#include "results/store_distributions.h"

#include <algorithm>
#include <cmath>

#include "base/numbers.h"
#include "results/store/ancestry.h"
#include "results/store/rows.h"
#include "results/store/summary_sql.h"
#include "results/store/text_array.h"
#include "store/both_dialects.h"

// A report of thousands of rows reads hundreds of thousands of results here, so what a row costs
// counts: the value is chosen in SQL, a time comes as seconds in a double (exact to the microsecond
// until 2255, and only compared), and nothing comes that is not used.
namespace bl::results {
namespace {

using store::Null;
using store::Param;

constexpr int k_commits_max = 1'000;

// Which series: all of a run, or those of a list (store/text_array.h).
struct Scope {
  enum class Of : unsigned char { run, list };
  Of of = Of::run;
  std::string_view key;  // the run's id, or the list
};

// SQLite walks its own index of results by commit and series. One text for any number of ancestors
// up to the options': those that are missing are null and match nothing.
std::string text_on_sqlite(const Scope& scope, int commits) {
  std::string sql =
      "select r.history_fingerprint, r.commit_id, r.mean, r.timestamp / 1e6, "
      "json_extract(r.change_annotations, '$.begins_distribution_change') = 1, "
      "r.unit, r.error is not null, r.min, r.max, r.mean, r.data "
      "from bl_commit_series o cross join bl_result_number n on n.no = o.result_no "
      "cross join benchmark_result r on r.id = n.id where o.series_no in ";
  sql += scope.of == Scope::Of::list
             ? "(select series_no from bl_series where history_fingerprint " BL_ONE_OF_SQLITE ")"
             : "(select u.series_no from bl_run_series u where u.run_no in "
               "(select run_no from bl_run where run_id = $1))";
  sql +=
      " and r.data <> '[]' and instr(r.data, 'null') = 0 and r.error is null "
      "and r.mean is not null and r.unit is not null and o.commit_id in (";
  for (int i = 0; i < commits; ++i) sql += (i == 0 ? "$" : ", $") + std::to_string(i + 2);
  return sql + ")";
}

// One way in, whatever the statistics say (a restored database has none): a run by its commits, a
// list by its series. The other is a set that each row is looked up in, and `is true` keeps it one:
// as a join it may be planned as a loop over the run for each of the results.
std::string text_on_postgres(const Scope& scope, SummaryMode mode) {
  std::string sql = "select r.history_fingerprint, r.commit_id, ";
  sql += mode == SummaryMode::mean ? "r.mean" : summary_on_postgres(SummaryMode::best);
  sql +=
      ", date_part('epoch', r.timestamp), "
      "(r.change_annotations -> 'begins_distribution_change') = 'true' "
      "from benchmark_result r where r.error is null and r.mean is not null "
      "and r.unit is not null and ";
  sql += scope.of == Scope::Of::list
             ? "r.history_fingerprint " BL_ONE_OF_POSTGRES
               " and (r.commit_id in (select unnest($2::text[]))) is true"
             : "r.commit_id = any ($2::text[]) and (r.history_fingerprint in "
               "(select history_fingerprint from benchmark_result where run_id = $1)) is true";
  return sql + " and cardinality(r.data) > 0 and array_position(r.data, null) is null";
}

using RowsBySeries = std::unordered_map<std::string, std::vector<verdict::LookbackRow>>;

struct Gathering {
  std::unordered_map<std::string_view, std::int64_t> commit_times;
  RowsBySeries series;
  std::string fingerprint;  // of the row; kept for its room
  std::string commit_id;    // of the last row: most come commit by commit
  std::int64_t commit_time = 0;

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
    if (row.text(1) != commit_id) {
      commit_id = row.text(1);
      commit_time = commit_times.at(commit_id);
    }
    fingerprint = row.text(0);
    series[fingerprint].push_back(
        {commit_time, std::llround(row.real(3) * 1e6), *value, row.integer(4) != 0});
  }
};

// Nothing when the commit has no known ancestry.
Result<std::optional<RowsBySeries>> rows_of(store::Connection& connection,
                                            const StoredCommit& commit, const Scope& scope,
                                            const DistributionOptions& options, int commits) {
  BL_TRY(const Ancestry ancestry, ancestry_of(connection, commit, commits));
  if (ancestry.commits.empty()) return std::optional<RowsBySeries>();
  std::vector<std::string_view> ids;
  for (const Ancestor& ancestor : ancestry.commits) ids.emplace_back(ancestor.commit_id);
  const bool is_sqlite = connection.dialect() == store::Dialect::sqlite;
  const std::string array = is_sqlite ? std::string() : text_array(ids, connection.dialect());
  std::vector<Param> params = {scope.key};
  if (is_sqlite) {
    params.insert(params.end(), ids.begin(), ids.end());
    params.resize(1 + static_cast<std::size_t>(commits), Null{});
  } else {
    params.emplace_back(std::string_view(array));
  }
  Gathering gathering(ancestry, connection.dialect(), options.mode);
  BL_RETURN_IF_ERROR(connection.query_text(
      is_sqlite ? text_on_sqlite(scope, commits) : text_on_postgres(scope, options.mode), params,
      [&](const store::Row& row) {
        gathering.take(row);
        return true;
      }));
  return std::optional(std::move(gathering.series));
}

Result<std::optional<Distributions>> distributions_in(store::Connection& connection,
                                                      const StoredCommit& commit,
                                                      const Scope& scope,
                                                      const DistributionOptions& options) {
  const int commits = std::clamp(options.commits, 1, k_commits_max);
  BL_TRY(const auto series, rows_of(connection, commit, scope, options, commits));
  if (!series) return std::optional<Distributions>();
  verdict::LookbackOptions window;
  window.window = verdict::LookbackOptions::Window::inclusive;
  window.commits = commits;
  Distributions found;
  found.reserve(series->size());
  for (const auto& [fingerprint, rows] : *series) {
    found.emplace(fingerprint, verdict::distribution(rows, window));
  }
  return std::optional(std::move(found));
}

}  // namespace

Result<std::optional<Distributions>> distributions_of(store::Connection& connection,
                                                      const StoredCommit& commit,
                                                      std::string_view run_id,
                                                      const DistributionOptions& options) {
  return distributions_in(connection, commit, {Scope::Of::run, run_id}, options);
}

Result<std::optional<Distributions>> distributions_of(
    store::Connection& connection, const StoredCommit& commit,
    std::span<const std::string_view> fingerprints, const DistributionOptions& options) {
  const std::string list = text_array(fingerprints, connection.dialect());
  return distributions_in(connection, commit, {Scope::Of::list, list}, options);
}

Result<verdict::Distribution> distribution_of(store::Connection& connection,
                                              const StoredCommit& commit,
                                              std::string_view fingerprint,
                                              const DistributionOptions& options) {
  BL_TRY(const auto found,
         distributions_of(connection, commit, std::span(&fingerprint, 1), options));
  return found && !found->empty() ? found->begin()->second : verdict::Distribution{};
}

}  // namespace bl::results
