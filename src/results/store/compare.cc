#include "results/store_compare.h"

#include "results/comparison.h"
#include "results/store/rows.h"
#include "store/both_dialects.h"

// A baseline is judged by the newest 100 rows of its commit's ancestry (store/ancestry.h).
namespace bl::results {
namespace {

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
