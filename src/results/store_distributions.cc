#include "results/store_distributions.h"

#include <algorithm>

#include "results/store_ancestry.h"
#include "results/store_rows.h"
#include "store/both_dialects.h"

namespace bl::results {
namespace {

using store::Null;
using store::Param;

constexpr int k_commits_max = 1'000;

// One text for any number of ancestors up to a step: those that are missing are null and match
// nothing. Samples are asked for only where the aggregates do not answer.
std::string text_for(int commits, store::Dialect dialect) {
  const bool is_sqlite = dialect == store::Dialect::sqlite;
  std::string sql =
      "select r.history_fingerprint, r.commit_id, @micros{r.timestamp}, r.unit, "
      "r.error is not null, r.min, r.max, r.mean, ";
  sql += is_sqlite ? "r.data, r.change_annotations from bl_commit_series o "
                     "cross join bl_result_number n on n.no = o.result_no "
                     "cross join benchmark_result r on r.id = n.id where o.series_no in "
                     "(select u.series_no from bl_run_series u where u.run_no in "
                     "(select run_no from bl_run where run_id = $1))"
                   : "case when r.min is null or r.max is null "
                     "then array_to_json(r.data)::text when cardinality(r.data) = 0 then '[]' "
                     "when array_position(r.data, null) is not null then '[null]' "
                     "when r.data is not null then '[0]' end, "
                     "nullif(r.change_annotations, '{}')::text "
                     "from benchmark_result r where r.history_fingerprint in "
                     "(select history_fingerprint from benchmark_result where run_id = $1)";
  sql += " and r.error is null and r.mean is not null and r.unit is not null and ";
  sql += is_sqlite ? "o.commit_id in (" : "r.commit_id in (";
  for (int i = 0; i < commits; ++i) {
    sql += (i == 0 ? "$" : ", $") + std::to_string(i + 2);
  }
  return store::in_dialect(sql + ")", dialect);
}

Result<bool> begins_change(const store::Row& row, int column) {
  if (row.is_null(column) || row.text(column) == "{}") return false;
  BenchmarkResult annotated;
  BL_TRY(annotated.change_annotations, object_of(row, column));
  return annotated.begins_distribution_change();
}

using RowsBySeries = std::unordered_map<std::string, std::vector<verdict::LookbackRow>>;

// Finds a series without making a text of every row's fingerprint: rows of a series come in runs
// or not, the map is asked with what the row holds.
struct Gathering {
  const Ancestry& ancestry;
  SummaryMode mode;
  std::unordered_map<std::string_view, std::int64_t> commit_times = {};
  RowsBySeries series = {};
  std::string fingerprint = {};

  void know_commits() {
    for (const Ancestor& commit : ancestry.commits) {
      commit_times.emplace(commit.commit_id, commit.commit_time);
    }
  }
  Result<void> take(const store::Row& row) {
    const Summary summary = summary_of(summary_columns(row, 3), mode);
    if (!summary.value) return {};
    BL_TRY(const bool begins, begins_change(row, 9));
    fingerprint = row.text(0);
    series[fingerprint].push_back(
        {commit_times.at(row.text(1)), row.integer(2), *summary.value, begins});
    return {};
  }
};

}  // namespace

Result<std::optional<Distributions>> distributions_of(store::Connection& connection,
                                                      const StoredCommit& commit,
                                                      std::string_view run_id,
                                                      const DistributionOptions& options) {
  std::optional<Distributions> found;
  const int commits = std::clamp(options.commits, 1, k_commits_max);
  BL_TRY(const Ancestry ancestry, ancestry_of(connection, commit, commits));
  if (ancestry.commits.empty()) return found;
  std::vector<Param> params(1 + static_cast<std::size_t>(commits), Null{});
  params[0] = run_id;
  for (std::size_t i = 0; i < ancestry.commits.size(); ++i) {
    params[i + 1] = std::string_view(ancestry.commits[i].commit_id);
  }
  Gathering gathering{ancestry, options.mode};
  gathering.know_commits();
  std::optional<Error> fault;
  BL_RETURN_IF_ERROR(connection.query_text(text_for(commits, connection.dialect()), params,
                                           [&](const store::Row& row) {
                                             auto taken = gathering.take(row);
                                             if (!taken.ok()) fault = std::move(taken).error();
                                             return !fault;
                                           }));
  if (fault) return std::move(*fault);
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
