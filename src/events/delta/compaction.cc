#include "events/delta/compaction.h"

namespace bl::events::delta {

Result<Compacted> compact_once(EventTable& table, const CompactionLimits& limits) {
  BL_TRY(const auto snapshot, table.log().update());
  const std::string why = table.read_only(*snapshot);
  if (!why.empty()) return Error{Code::forbidden, why + ": " + table.place().shown};
  BL_TRY(const Places places, table.places(*snapshot));
  const Run run = next_run(places, limits);
  if (run.count == 0) return Compacted{};
  const auto files = std::span(places.files).subspan(run.first, run.count);
  BL_TRY(lake::DeltaFile merged, table.merge(*snapshot, files));
  lake::DeltaReplace replace;
  for (const PlacedFile& file : files) replace.remove.push_back(file.file->path);
  replace.add.push_back(merged);
  replace.read_version = snapshot->version;
  replace.note.parameters = {{"predicate", "[]"}, {"zOrderBy", "[]"}, {"auto", "true"}};
  const auto committed = table.log().replace(std::move(replace));
  if (committed.ok()) return Compacted{run.count, false};
  // Where it is not known, vacuum finds the file should nobody list it.
  if (committed.error().code != Code::outcome_unknown) table.discard(merged.path);
  if (committed.error().code == Code::conflict) return Compacted{0, true};
  return committed.error();
}

}  // namespace bl::events::delta
