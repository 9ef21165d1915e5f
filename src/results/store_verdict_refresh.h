#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/metrics.h"
#include "base/time.h"
#include "results/model.h"
#include "store/database.h"
#include "verdict/detector.h"

/// Verdicts are made in the background, after the statuses: a series that was judged anew
/// (store_series_refresh.h) waits in verdict_due; so do all series of a project that is switched
/// on, and all series when the detector has another name or version than the stored verdicts.
namespace bl::results {

/// What the verdicts are made by.
struct DetectorName {
  std::string name = std::string(verdict::k_detector_name);
  int version = verdict::k_detector_version;
};

struct VerdictWork {
  std::int64_t judged = 0;
  bool more = false;         ///< there is more to do
  bool is_pressing = false;  ///< of that: new results or annotations, not a recomputation
};

/// Of the detectors that are kept between judgements.
struct WarmDetectorLimits {
  std::size_t bytes_max = 128u << 20;  ///< about 50 kB for a series of 500 results
  std::size_t series_max = 20'000;
};

struct VerdictRefreshLimits {
  std::chrono::milliseconds slice{100};  ///< judging ends after it, with at least one done
  std::int64_t noted_max = 5'000;        ///< series that one step adds to those that wait
  WarmDetectorLimits warm;
};

class WarmDetectors;
struct JudgedSeries;
struct VerdictPlace;

class VerdictRefresher {
 public:
  VerdictRefresher(store::Database& database, const Clock& clock, Metrics& metrics,
                   SummaryMode mode = SummaryMode::best, DetectorName detector = {},
                   VerdictRefreshLimits limits = {});
  ~VerdictRefresher();

  /// Judges at most `limit` series that wait, those with new results first, and stores what it
  /// finds; nothing while none waits. May be cut off anywhere: what is stored is whole, the rest
  /// waits on. A series that cannot be read is `unknown`. One thread calls it. Cost: one read of
  /// the series' points and one write transaction; a series with new results whose detector is kept
  /// (WarmDetectorLimits), and whose older results are what they were, about 25 us a new result;
  /// any other about 20 us for each of its results.
  Result<VerdictWork> judge_some(int limit);

 private:
  Result<bool> note_detector();
  Result<JudgedSeries> judge(const VerdictPlace& place, bool has_new_results);

  store::Database& database_;
  const Clock& clock_;
  SummaryMode mode_;
  DetectorName detector_;
  VerdictRefreshLimits limits_;
  Gauge waiting_;
  Counter judged_, warm_, cold_;
  Gauge warm_bytes_, warm_series_;
  std::unique_ptr<WarmDetectors> detectors_;
  bool noted_ = false;
};

/// A statement's condition: the project of the series `s` has verdicts. Private to the store's
/// side.
#define BL_VERDICTS_ENABLED                                                                 \
  "coalesce((select p.enabled from @verdict_project p where p.repository = s.repository), " \
  "(select case d.value when 'on' then 1 else 0 end from @results_setting d "               \
  "where d.name = 'verdicts_default'), 0) = 1"

}  // namespace bl::results
