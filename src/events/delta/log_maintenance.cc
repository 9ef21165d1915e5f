// Many small files become few large ones.
#include <shared_mutex>

#include "events/delta/compaction.h"
#include "events/delta/delta_event_log.h"

namespace bl::events::delta {

Result<void> DeltaEventLog::compact_if_due() {
  for (;;) {
    {
      const std::shared_lock reading(gate_);
      if (snapshot_->files.size() < limits_.compact_files_min) return {};
    }
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) return {};
    }
    std::unique_ptr<DiskLock> alone;
    if (!table_->place().folder.empty()) {
      auto locked =
          world_.disk.lock(table_->place().folder + "/_bel/compaction.lock", "compaction");
      if (!locked.ok()) {
        return locked.error().code == Code::conflict ? Result<void>{} : locked.error();
      }
      alone = *std::move(locked);
    }
    BL_TRY(const std::size_t files, compact_once(limits_.compaction));
    if (files == 0) return {};
  }
}

Result<std::size_t> DeltaEventLog::compact_once(const CompactionLimits& limits) {
  BL_TRY(const Compacted compacted, delta::compact_once(*table_, limits));
  if (compacted.files == 0) return compacted.files;
  metrics_.compactions.add();
  metrics_.compacted_files.add(static_cast<double>(compacted.files));
  const std::lock_guard publishing(publish_);
  BL_RETURN_IF_ERROR(refresh());
  return compacted.files;
}

}  // namespace bl::events::delta
