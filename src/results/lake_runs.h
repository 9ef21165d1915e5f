#pragma once

#include "engine/engine.h"
#include "lake/lake.h"
#include "results/ports.h"
#include "results/store_runs.h"

namespace bl::results {

/// RunBrowser over the replica (replica.h): the same answers as the store's, as of what was brought
/// over. Lists open the files with the newest ids first, and no more than a page needs; those of a
/// run open the months that it has results of. Ids are in the order of their bytes. Threads: any.
class LakeRunBrowser final : public RunBrowser {
 public:
  /// Of the limits only the bytes of a page count.
  LakeRunBrowser(lake::Lake& lake, engine::Engine& engine, SummaryMode mode = SummaryMode::best,
                 RunBrowserLimits limits = {})
      : lake_(lake), engine_(engine), mode_(mode), limits_(limits) {}

  /// Errors besides of all: unavailable (the replica was not made yet), unsupported (a lake that is
  /// not on a disk).
  Result<std::vector<ResultRow>> results(const ResultFilter& filter) override;
  Result<WholePage> whole_results(const ResultFilter& filter) override;
  Result<StoredResult> result(std::string_view id) override;
  Result<std::vector<RunRow>> recent_runs(std::optional<std::string> repository,
                                          int count) override;
  Result<std::vector<std::string>> repositories() override;

 private:
  lake::Lake& lake_;
  engine::Engine& engine_;
  SummaryMode mode_;
  RunBrowserLimits limits_;
};

}  // namespace bl::results
