#pragma once

#include "engine/engine.h"
#include "lake/lake.h"
#include "results/ports.h"
#include "store/database.h"

namespace bl::results {

/// HistoryReader over the replica (replica.h): the same answers as the store's, as of what was
/// brought over. Threads: any. Cost: the files that may hold the series, of each the row groups
/// that do.
class LakeHistoryReader final : public HistoryReader {
 public:
  /// `of`: whose replica it is. Points of one commit and instant stand by their numbers on SQLite,
  /// by their ids on PostgreSQL, and details() is asked of the history on the one, of all results
  /// on the other. `commits`: how many the lookback looks at.
  LakeHistoryReader(lake::Lake& lake, engine::Engine& engine, store::Dialect of,
                    SummaryMode mode = SummaryMode::best, int commits = 100)
      : lake_(lake), engine_(engine), of_(of), mode_(mode), commits_(commits) {}

  /// Errors besides: unavailable (the replica was not made yet), unsupported (a lake that is not on
  /// a disk).
  Result<History> history(std::string_view fingerprint) override;
  Result<HistoryDetails> details(std::string_view fingerprint) override;
  Result<std::string> fingerprint_of(std::string_view result_id) override;

 private:
  lake::Lake& lake_;
  engine::Engine& engine_;
  store::Dialect of_;
  SummaryMode mode_;
  int commits_;
};

}  // namespace bl::results
