#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "results/ports.h"
#include "store/database.h"

/// How a series stands, kept beside it: status, z-score, change and sparkline. A submission only
/// marks its series stale; judging reads the whole history, which a submission must not wait for.
namespace bl::results {

/// How a series stands now. The newest point of its history is judged against the exclusive
/// statistics of the commits before it [4.2, 4.5]: no mean or no spread means `insufficient`.
struct SeriesState {
  SeriesStatus status = SeriesStatus::insufficient;
  std::optional<double> z_score, change_percent;
  std::vector<double> sparkline;  ///< the newest 32 values, oldest first
};

/// Of the points of a history by commit time, then result time; `unit` is that of the newest.
SeriesState state_of(std::span<const verdict::LookbackRow> points,
                     const std::optional<std::string>& unit, int commits = 100);
/// Reads the history and judges it. `unit` is that of the newest point.
Result<SeriesState> judge_series(store::Connection& connection, std::int64_t series_no,
                                 const std::optional<std::string>& unit, SummaryMode mode,
                                 int commits = 100);

/// Judges stale series and stores what it finds. One thread calls it, again and again; which one,
/// and how often, is the owner's business.
class SeriesRefresher {
 public:
  explicit SeriesRefresher(store::Database& database, SummaryMode mode = SummaryMode::best,
                           int commits = 100)
      : database_(database), mode_(mode), commits_(commits) {}

  /// Refreshes at most `limit` series; gives how many. 0: all was fresh. A series that gets a new
  /// point meanwhile stays stale. Cost: one read, and one write transaction when there was work.
  Result<std::int64_t> refresh_some(int limit);

 private:
  // The values depend on the summary mode: another mode than last time makes every series stale.
  Result<void> note_mode();

  store::Database& database_;
  SummaryMode mode_;
  int commits_;
  bool mode_noted_ = false;
};

}  // namespace bl::results
