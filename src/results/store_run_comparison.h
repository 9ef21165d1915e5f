#pragma once

#include "results/run_comparison.h"
#include "results/store_distributions.h"
#include "store/database.h"

namespace bl::results {

/// RunComparisonReader over the store, each page in one snapshot. Threads: any.
class StoreRunComparisonReader final : public RunComparisonReader {
 public:
  explicit StoreRunComparisonReader(store::Database& database, DistributionOptions options = {},
                                    RunComparisonLimits limits = {})
      : database_(database), options_(options), limits_(limits) {}

  Result<RunComparisonPage> page(const RunPair& pair) override;

 private:
  store::Database& database_;
  DistributionOptions options_;
  RunComparisonLimits limits_;
};

}  // namespace bl::results
