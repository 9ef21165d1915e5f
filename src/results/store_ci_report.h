#pragma once

#include "results/ci_ports.h"
#include "results/store_distributions.h"
#include "store/database.h"

namespace bl::results {

/// CiReporter over the store, each report in one snapshot. Threads: any.
class StoreCiReporter final : public CiReporter {
 public:
  explicit StoreCiReporter(store::Database& database, DistributionOptions options = {},
                           CiLimits limits = {})
      : database_(database), options_(options), limits_(limits) {}

  Result<CiReport> report(const CiQuery& query) override;

 private:
  store::Database& database_;
  DistributionOptions options_;
  CiLimits limits_;
};

}  // namespace bl::results
