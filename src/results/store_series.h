#pragma once

#include "results/ports.h"
#include "store/database.h"

namespace bl::results {

/// ProjectHealthReader over the store. Threads: any. Pages walk an index in the order of the sort
/// with the text, hardware, repository and status of every series in it; nothing scans the facts. A
/// page that shows a stale series (store_series_refresh.h) judges it anew, so that what is shown is
/// what the results say; a filter by status and the order by change may lag by one refresh.
class StoreProjectHealthReader final : public ProjectHealthReader {
 public:
  explicit StoreProjectHealthReader(store::Database& database, SummaryMode mode = SummaryMode::best,
                                    int commits = 100)
      : database_(database), mode_(mode), commits_(commits) {}

  Result<SeriesPage> series(const SeriesFilter& filter) override;
  Result<Facts> facts() override;
  Result<std::vector<SearchHit>> search(std::string_view text, int count_max) override;

 private:
  store::Database& database_;
  SummaryMode mode_;
  int commits_;
};

}  // namespace bl::results
