#pragma once

#include "results/ports.h"
#include "results/store_distributions.h"
#include "store/database.h"

namespace bl::results {

/// CompareReader over the store: both results, and the distribution of the baseline commit's
/// ancestry. Threads: any. Cost: two rows, at most 100 commits and their results of one series.
class StoreCompareReader final : public CompareReader {
 public:
  /// `commits`: of an ancestry (DISTRIBUTION_COMMITS).
  explicit StoreCompareReader(store::Database& database, SummaryMode mode = SummaryMode::best,
                              int commits = 100)
      : database_(database), options_{mode, commits} {}

  Result<CompareInput> compare(std::string_view baseline_id,
                               std::string_view contender_id) override;
  Result<verdict::Distribution> distribution(std::string_view baseline_id,
                                             std::string_view fingerprint) override;

 private:
  store::Database& database_;
  DistributionOptions options_;
};

}  // namespace bl::results
