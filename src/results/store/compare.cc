#include "results/store_compare.h"

#include "results/comparison.h"
#include "results/store/ancestry.h"
#include "results/store/rows.h"
#include "store/both_dialects.h"

// A baseline is judged by the newest 100 rows of its commit's ancestry (store/ancestry.h).
namespace bl::results {
namespace {

using store::Null;
using store::Param;

struct Side {
  CompareSide side;
  std::optional<StoredCommit> commit;
};

Result<Side> read_side(store::Connection& connection, std::string_view id, std::string_view role,
                       SummaryMode mode) {
  std::optional<Side> found;
  BL_RETURN_IF_ERROR(connection.query(
      store::both_dialects<
          "select r.id, r.run_id, r.history_fingerprint, r.unit, r.error is not null, "
          "@float{r.min}, @float{r.max}, @float{r.mean}, @numbers{r.data}, " BL_COMMIT_COLUMNS
          " from benchmark_result r "
          "left join \"commit\" c on c.id = r.commit_id where r.id = $1">(),
      {id}, [&](const store::Row& row) {
        const SummaryColumns columns = summary_columns(row, 3);
        found.emplace();
        found->side.result_id = row.text(0);
        found->side.run_id = row.text(1);
        found->side.history_fingerprint = row.text(2);
        found->side.unit = columns.unit;
        found->side.summary = summary_of(columns, mode);
        found->side.failed = failed(columns);
        found->commit = commit_of(row, 9);
        return true;
      }));
  if (!found) {
    return Error{Code::not_found,
                 "no benchmark result has the " + std::string(role) + " id " + std::string(id)};
  }
  return std::move(*found);
}

// One text for any number of ancestors: those that are missing are null and match nothing.
std::string distribution_text(store::Dialect dialect, int ancestors_max) {
  const bool is_sqlite = dialect == store::Dialect::sqlite;
  std::string sql =
      "select r.commit_id, @micros{r.timestamp}, r.unit, r.error is not null, @float{r.min}, "
      "@float{r.max}, @float{r.mean}, @numbers{r.data}, @text{r.change_annotations} from ";
  // `cross join` keeps SQLite to this order.
  sql += is_sqlite ? "bl_series s cross join bl_commit_series o on o.series_no = s.series_no "
                     "cross join bl_result_number n on n.no = o.result_no "
                     "cross join benchmark_result r on r.id = n.id where s.history_fingerprint = $1"
                   : "benchmark_result r where r.history_fingerprint = $1";
  sql += " and r.error is null and r.mean is not null and r.unit is not null and ";
  sql += is_sqlite ? "o.commit_id in (" : "r.commit_id in (";
  for (int i = 0; i < ancestors_max; ++i) {
    sql += (i == 0 ? "$" : ", $") + std::to_string(i + 2);
  }
  return store::in_dialect(sql + ")", dialect);
}

Result<verdict::LookbackRow> distribution_row(const store::Row& row, std::int64_t commit_time,
                                              double value) {
  verdict::LookbackRow taken;
  taken.commit_time = commit_time;
  taken.result_time = row.integer(1);
  taken.value = value;
  BL_TRY(auto annotations, object_of(row, 8));
  BenchmarkResult annotated;
  annotated.change_annotations = std::move(annotations);
  taken.begins_change = annotated.begins_distribution_change();
  return taken;
}

Result<verdict::Distribution> distribution_of(store::Connection& connection,
                                              const StoredCommit& commit,
                                              std::string_view fingerprint,
                                              const DistributionOptions& asked) {
  BL_TRY(const Ancestry ancestry, ancestry_of(connection, commit, asked.commits));
  const std::vector<Ancestor>& ancestors = ancestry.commits;
  if (ancestors.empty()) return verdict::Distribution{};
  std::vector<Param> params(1 + static_cast<std::size_t>(asked.commits), Null{});
  params[0] = fingerprint;
  std::unordered_map<std::string_view, std::int64_t> times;
  for (std::size_t i = 0; i < ancestors.size(); ++i) {
    params[i + 1] = std::string_view(ancestors[i].commit_id);
    times.emplace(ancestors[i].commit_id, ancestors[i].commit_time);
  }
  std::vector<verdict::LookbackRow> rows;
  std::optional<Error> fault;
  BL_RETURN_IF_ERROR(connection.query_text(
      distribution_text(connection.dialect(), asked.commits), params, [&](const store::Row& row) {
        const Summary summary = summary_of(summary_columns(row, 2), asked.mode);
        if (!summary.value) return true;
        auto taken = distribution_row(row, times.at(row.text(0)), *summary.value);
        if (!taken.ok()) {
          fault = std::move(taken).error();
          return false;
        }
        rows.push_back(*taken);
        return true;
      }));
  if (fault) return std::move(*fault);
  verdict::LookbackOptions options;
  options.window = verdict::LookbackOptions::Window::inclusive;
  options.commits = asked.commits;
  return verdict::distribution(rows, options);
}

Result<void> check_comparable(const CompareSide& baseline, const CompareSide& contender) {
  if (baseline.history_fingerprint != contender.history_fingerprint) {
    return Error{Code::invalid,
                 "the two results are of different series: " + baseline.history_fingerprint +
                     " and " + contender.history_fingerprint};
  }
  if (!units_match(baseline, contender)) {
    return Error{Code::invalid, "the units of the two results do not match: " + *baseline.unit +
                                    " and " + *contender.unit};
  }
  return {};
}

}  // namespace

Result<CompareInput> StoreCompareReader::compare(std::string_view baseline_id,
                                                 std::string_view contender_id) {
  CompareInput input;
  BL_RETURN_IF_ERROR(database_.read([&](store::Connection& connection) -> Result<void> {
    BL_TRY(Side baseline, read_side(connection, baseline_id, "baseline", options_.mode));
    BL_TRY(Side contender, read_side(connection, contender_id, "contender", options_.mode));
    BL_RETURN_IF_ERROR(check_comparable(baseline.side, contender.side));
    if (baseline.commit) {
      BL_TRY(input.distribution, distribution_of(connection, *baseline.commit,
                                                 baseline.side.history_fingerprint, options_));
    }
    input.baseline = std::move(baseline.side);
    input.contender = std::move(contender.side);
    return {};
  }));
  return input;
}

Result<verdict::Distribution> StoreCompareReader::distribution(std::string_view baseline_id,
                                                               std::string_view fingerprint) {
  verdict::Distribution found;
  BL_RETURN_IF_ERROR(database_.read([&](store::Connection& connection) -> Result<void> {
    BL_TRY(const Side baseline, read_side(connection, baseline_id, "baseline", options_.mode));
    if (!baseline.commit) return {};
    BL_TRY(found, distribution_of(connection, *baseline.commit, fingerprint, options_));
    return {};
  }));
  return found;
}

}  // namespace bl::results
