#pragma once

#include "results/project.h"
#include "store/database.h"

namespace bl::results {

/// ProjectReader over the rows of series and runs. Threads: any. Cost: the series of the projects
/// asked for, once; `since` reads the results of one commit too.
class StoreProjectReader final : public ProjectReader {
 public:
  explicit StoreProjectReader(store::Database& database, SummaryMode mode = SummaryMode::best,
                              ProjectLimits limits = {})
      : database_(database), mode_(mode), limits_(limits) {}

  Result<std::vector<ProjectAttention>> attention(const AttentionQuery& query) override;
  Result<std::vector<Family>> families(const FamilyFilter& filter) override;
  Result<Since> since(const SinceQuery& query) override;

 private:
  store::Database& database_;
  SummaryMode mode_;
  ProjectLimits limits_;
};

}  // namespace bl::results
