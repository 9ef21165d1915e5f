#pragma once

#include <vector>

#include "results/ports.h"
#include "store/database.h"

namespace bl::results {

/// HistoryReader over the store. Threads: any. Cost: one read of neighbouring rows on SQLite.
class StoreHistoryReader final : public HistoryReader {
 public:
  /// `commits`: how many the lookback looks at (DISTRIBUTION_COMMITS).
  explicit StoreHistoryReader(store::Database& database, SummaryMode mode = SummaryMode::best,
                              int commits = 100)
      : database_(database), mode_(mode), commits_(commits) {}

  Result<History> history(std::string_view fingerprint) override;
  Result<HistoryDetails> details(std::string_view fingerprint) override;
  Result<std::string> fingerprint_of(std::string_view result_id) override;

 private:
  store::Database& database_;
  SummaryMode mode_;
  int commits_;
};

/// The rows of a series' history as the statistics need them, by commit time, then result time.
/// Private to the store's side of the domain.
Result<std::vector<verdict::LookbackRow>> lookback_rows(store::Connection& connection,
                                                        std::int64_t series_no, SummaryMode mode);

}  // namespace bl::results
