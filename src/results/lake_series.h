#pragma once

#include "engine/engine.h"
#include "lake/lake.h"
#include "results/ports.h"
#include "store/database.h"

namespace bl::results {

/// ProjectHealthReader over the replica (replica.h): the same answers as the store's, as of what
/// was brought over; cursors of one lead on in the other. Pages and counts are made of the tables
/// of series and runs, never of the facts, but for series that are judged anew. Threads: any.
class LakeProjectHealthReader final : public ProjectHealthReader {
 public:
  /// `of`: as in LakeHistoryReader.
  LakeProjectHealthReader(lake::Lake& lake, engine::Engine& engine, store::Dialect of,
                          SummaryMode mode = SummaryMode::best, int commits = 100)
      : lake_(lake), engine_(engine), of_(of), mode_(mode), commits_(commits) {}

  /// Errors besides of all: unavailable (the replica was not made yet), unsupported (a lake that is
  /// not on a disk).
  Result<SeriesPage> series(const SeriesFilter& filter) override;
  Result<Facts> facts() override;
  Result<std::vector<SearchHit>> search(std::string_view text, int count_max) override;

 private:
  lake::Lake& lake_;
  engine::Engine& engine_;
  store::Dialect of_;
  SummaryMode mode_;
  int commits_;
};

}  // namespace bl::results
