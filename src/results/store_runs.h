#pragma once

#include "results/ports.h"
#include "store/database.h"

namespace bl::results {

struct RunBrowserLimits {
  std::size_t page_samples_bytes_max = 32u << 20;  ///< of a page of whole results, as stored text
  /// A time range that holds no more results is sorted by id.
  std::int64_t sorted_results_max = 20'000;
  /// A wider one is met by walking the ids, if so many of the newest hold a page of it.
  std::int64_t walked_results_max = 20'000;
};

/// RunBrowser over the store. Result lists walk an index in id order; runs come from the run table
/// that submissions keep, so that nothing scans the facts. Threads: any.
class StoreRunBrowser final : public RunBrowser {
 public:
  explicit StoreRunBrowser(store::Database& database, SummaryMode mode = SummaryMode::best,
                           RunBrowserLimits limits = {})
      : database_(database), mode_(mode), limits_(limits) {}

  Result<std::vector<ResultRow>> results(const ResultFilter& filter) override;
  Result<WholePage> whole_results(const ResultFilter& filter) override;
  Result<StoredResult> result(std::string_view id) override;
  Result<std::vector<RunRow>> recent_runs(std::optional<std::string> repository,
                                          int count) override;
  Result<std::vector<std::string>> repositories() override;

 private:
  store::Database& database_;
  SummaryMode mode_;
  RunBrowserLimits limits_;
};

/// Newest result first, of one repository or of all. Private to the store's side.
Result<std::vector<RunRow>> recent_runs_of(store::Connection& connection,
                                           const std::optional<std::string>& repository, int count);

/// A row of a run as a RunRow without its commit: run_id, repository, latest_result_id, run_reason,
/// latest_batch_id, run_tags, the counts of batches, results, errors and series, the times of the
/// first and last result, and how many series are insufficient, stable, regressed, improved.
Result<RunRow> run_row_of(const store::Row& row);
inline constexpr int k_run_columns = 16;
void add_commit(RunRow& run, std::optional<StoredCommit> commit);

/// Every repository that has a run, sorted. Cost: one index probe each.
Result<std::vector<std::string>> repositories_of(store::Connection& connection);

}  // namespace bl::results
