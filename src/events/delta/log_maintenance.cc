// Many small files become few large ones.
#include <algorithm>
#include <shared_mutex>

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
      if (stopping_ || wake_) return {};
    }
    std::unique_ptr<DiskLock> alone;
    if (!table_->place().folder.empty()) {
      auto locked = world_.disk.lock(table_->place().folder + "/_bel/compaction.lock", "compaction");
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
  BL_TRY(const auto snapshot, table_->log().update());
  const std::string why = table_->read_only(*snapshot);
  if (!why.empty()) return Error{Code::forbidden, why + ": " + uri_.shown};
  BL_TRY(const Places places, table_->places(*snapshot));
  const Run run = next_run(places, limits);
  if (run.count == 0) return std::size_t{0};
  const auto files = std::span(places.files).subspan(run.first, run.count);
  BL_TRY(lake::DeltaFile merged, table_->merge(*snapshot, files));
  lake::DeltaReplace replace;
  for (const PlacedFile& file : files) replace.remove.push_back(file.file->path);
  replace.add.push_back(merged);
  replace.read_version = snapshot->version;
  replace.note.parameters = {{"predicate", "[]"}, {"zOrderBy", "[]"}, {"auto", "true"}};
  const auto committed = table_->log().replace(std::move(replace));
  if (committed.ok()) {
    metrics_.compactions.add();
    metrics_.compacted_files.add(static_cast<double>(run.count));
    const std::lock_guard publishing(publish_);
    BL_RETURN_IF_ERROR(refresh());
    return run.count;
  }
  // Where it is not known, vacuum finds the file should nobody list it.
  if (committed.error().code != Code::outcome_unknown) table_->discard(merged.path);
  if (committed.error().code == Code::conflict) return std::size_t{0};
  return committed.error();
}

}  // namespace bl::events::delta
