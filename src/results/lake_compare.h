#pragma once

#include "engine/engine.h"
#include "lake/lake.h"
#include "results/ports.h"

namespace bl::results {

/// CompareReader over the replica (replica.h): the same answers as the store's, as of what was
/// brought over. Threads: any. Cost: the files with one of the ids, and those with results of the
/// ancestry's time.
class LakeCompareReader final : public CompareReader {
 public:
  /// `commits`: of an ancestry (DISTRIBUTION_COMMITS).
  LakeCompareReader(lake::Lake& lake, engine::Engine& engine, SummaryMode mode = SummaryMode::best,
                    int commits = 100)
      : lake_(lake), engine_(engine), mode_(mode), commits_(commits) {}

  /// Errors besides of both: unavailable (the replica was not made yet), unsupported (a lake that
  /// is not on a disk).
  Result<CompareInput> compare(std::string_view baseline_id,
                               std::string_view contender_id) override;
  Result<verdict::Distribution> distribution(std::string_view baseline_id,
                                             std::string_view fingerprint) override;

 private:
  lake::Lake& lake_;
  engine::Engine& engine_;
  SummaryMode mode_;
  int commits_;
};

}  // namespace bl::results
