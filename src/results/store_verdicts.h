#pragma once

#include "results/model.h"
#include "results/verdicts.h"
#include "store/database.h"

namespace bl::results {

/// VerdictReader over the store, which may be a replica. Threads: any. Nothing but contenders()
/// judges. Cost of a picture: the points of the series; of a commit: an index range, and the rows
/// shown.
class StoreVerdictReader final : public VerdictReader {
 public:
  explicit StoreVerdictReader(store::Database& database, SummaryMode mode = SummaryMode::best,
                              VerdictLimits limits = {})
      : database_(database), mode_(mode), limits_(limits) {}

  Result<VerdictPicture> picture(std::string_view fingerprint, int points_max) override;
  Result<StoredVerdicts> verdicts(std::span<const std::string_view> fingerprints) override;
  Result<std::vector<RunVerdict>> runs(std::span<const RunKey> runs) override;
  Result<StoredVerdicts> contenders(const BranchRun& run) override;
  Result<CommitVerdict> commit(std::string_view repository, std::string_view sha) override;

 private:
  store::Database& database_;
  SummaryMode mode_;
  VerdictLimits limits_;
};

/// VerdictSwitches over the store. Threads: any. Cost of set: a pass over the project's series.
class StoreVerdictSwitches final : public VerdictSwitches {
 public:
  explicit StoreVerdictSwitches(store::Database& database) : database_(database) {}

  Result<VerdictProjects> projects() override;
  Result<VerdictProject> set(std::string_view repository, bool enabled,
                             const Change& change) override;

 private:
  store::Database& database_;
};

}  // namespace bl::results
