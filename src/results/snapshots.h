#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "results/ci_report.h"
#include "results/thresholds.h"

/// What was regressed when a report of a run was made. History goes on, and a later report of the
/// same run may say something else; a snapshot stays.
namespace bl::results {

struct Snapshot {
  std::string id, run_id, repository;
  std::optional<std::string> commit_sha, baseline_run_id;
  Timestamp made_at;
  std::string made_by, status;
  std::string summary_json;      ///< of the run's rows, as a report's summary
  std::string regressions_json;  ///< array: the regressed rows, worst first
};

struct SnapshotLimits {
  std::size_t regressions_max = 1'000;  ///< of one snapshot, worst first; the summary counts all
  int per_run_max = 20;                 ///< older ones of the same run go
};

class SnapshotStore {
 public:
  virtual ~SnapshotStore() = default;
  /// One for each run of the report; nothing when the same was kept before. Durable.
  virtual Result<void> keep(const CiReport& report, const Change& change) = 0;
  struct Filter {
    std::optional<std::string> run_id, repository, before_id;
    int page_size = 100;
  };
  /// Newest first.
  virtual Result<std::vector<Snapshot>> snapshots(const Filter& filter) = 0;
};

/// The regressed rows of a run, worst z-score first, at most `count_max`.
std::string encode_regressions(const CiRun& run, const CiReport& report, std::size_t count_max);

}  // namespace bl::results
