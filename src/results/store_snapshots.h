#pragma once

#include "base/ids.h"
#include "results/snapshots.h"
#include "store/database.h"

namespace bl::results {

/// SnapshotStore over the store. Threads: any.
class StoreSnapshots final : public SnapshotStore {
 public:
  StoreSnapshots(store::Database& database, IdSource& ids, SnapshotLimits limits = {})
      : database_(database), ids_(ids), limits_(limits) {}

  Result<void> keep(const CiReport& report, const Change& change) override;
  Result<std::vector<Snapshot>> snapshots(const Filter& filter) override;

 private:
  store::Database& database_;
  IdSource& ids_;
  SnapshotLimits limits_;
};

}  // namespace bl::results
