#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/metrics.h"
#include "lake/lake.h"
#include "store/database.h"

/// The replica: sweeps once more, as tables of the lake (docs/formats/replica.md). The store stays
/// the truth. The newest attempt of each run is there with all its rows; the store marks a run
/// whose rows changed, and a refresh brings over the runs whose mark is another than the lake's: so
/// every refresh also mends what an earlier one left half done, wherever it was killed.
namespace bl::inference {

struct SweepReplicaLimits {
  std::int64_t points_max = 50'000;  ///< that go over in one commit; at least one run does
  std::size_t findings_max = 1'000;  ///< of a check
};

/// Says how far a long work is; gives false to end it early.
using SweepReplicaProgress =
    std::function<bool(std::string_view phase, std::size_t done, std::size_t all)>;

struct SweepRound {
  bool is_current = false;  ///< all that the store had is in the lake; false: it was ended early
  std::int64_t runs = 0, rows = 0;  ///< that were put; rows: of all tables
  std::int64_t removed = 0;         ///< runs that went
};

/// Rows of a run that are not the same on both sides.
struct SweepDifference {
  enum class Kind : unsigned char { missing, surplus, stale };
  Kind kind = Kind::missing;
  std::string table;
  std::int64_t run_no = 0;         ///< the store's
  std::int64_t github_run_id = 0;  ///< 0: not known
};
const char* name_of(SweepDifference::Kind kind);

struct SweepComparison {
  std::int64_t runs = 0, rows = 0;  ///< of the store, that were compared
  std::int64_t found = 0;           ///< all that is wrong; `findings` has the first
  std::vector<SweepDifference> findings;
  bool repaired = false;
};

/// JSON objects for operators: `sweeps` of ReplicaRefreshed and ReplicaChecked in
/// ops/openapi_lake.yaml.
std::string encode(const SweepRound& round);
std::string encode(const SweepComparison& check);

/// Threads: any; one work at a time, the others wait for it.
class SweepReplica {
 public:
  /// All that is given outlives it.
  SweepReplica(store::Database& database, lake::Lake& lake, bl::Metrics& metrics,
               const SweepReplicaLimits& limits = {});

  /// Brings over what changed, the first time everything. Bounded memory; may be killed anywhere.
  /// Errors: conflict (tables of these names that are not ours; another process publishes), those
  /// of store and lake.
  Result<SweepRound> refresh(const SweepReplicaProgress& progress = {});
  /// Compares every row on both sides; runs that changed in the store meanwhile do not count. With
  /// `repair`, makes what differs equal. Errors: as refresh(); unsupported (a lake that is not on a
  /// disk); cancelled.
  Result<SweepComparison> check(bool repair, const SweepReplicaProgress& progress = {});

 private:
  Result<SweepRound> refresh_now(const SweepReplicaProgress& progress);
  Result<void> put_runs(const std::vector<std::int64_t>& runs, std::int64_t revision, bool is_last,
                        SweepRound& round);

  store::Database& database_;
  lake::Lake& lake_;
  const SweepReplicaLimits limits_;
  Counter runs_put_, rows_put_, runs_removed_;
  std::mutex mutex_;
};

/// The revision of the store (SweepReader::revision) that all tables of the lake have at least;
/// nullopt: the first export is not done.
Result<std::optional<std::int64_t>> replica_revision(lake::Lake& lake);

}  // namespace bl::inference
