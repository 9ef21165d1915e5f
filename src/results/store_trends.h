#pragma once

#include "results/model.h"
#include "results/trends.h"
#include "store/database.h"

namespace bl::results {

/// TrendReader over the store. Threads: any. Cost: of trends, the histories of the benchmark's
/// series, once; of measured, a pass over the window's results (250,000 take about a second).
class StoreTrendReader final : public TrendReader {
 public:
  explicit StoreTrendReader(store::Database& database, SummaryMode mode = SummaryMode::best,
                            TrendLimits limits = {})
      : database_(database), mode_(mode), limits_(limits) {}

  Result<Trends> trends(const TrendQuery& query) override;
  Result<MeasuredBenchmarks> measured(const MeasuredQuery& query) override;

 private:
  store::Database& database_;
  SummaryMode mode_;
  TrendLimits limits_;
};

}  // namespace bl::results
