#pragma once

#include <map>
#include <memory>
#include <string>

#include "lake/delta_log.h"
#include "lake/table.h"

namespace bl::lake {

/// `tables/TABLE/`: where the table's Delta log begins.
std::string delta_prefix(std::string_view table);

/// What a version's `userMetadata` says, so that a catalog can be made again from the log.
struct MirrorNote {
  std::int64_t snapshot = 0;
  Watermarks watermarks;
  std::string note;
};
std::string text_of(const MirrorNote& note);
/// Errors: corrupt.
Result<MirrorNote> mirror_note(std::string_view text);

/// The same files as a Delta table: one version for each snapshot, its transaction the snapshot's
/// id. `catalog`: the number of the snapshots' catalog; the log of a table whose catalog was made
/// anew goes on with the new one's. The log is opened with the first call. A table with times of
/// day, or times without a zone, has no log: Delta has no word for them.
std::unique_ptr<Mirror> make_delta_mirror(DeltaWorld world, const std::string& table,
                                          const std::string& catalog);

using Properties = std::map<std::string, std::string>;
/// A table's properties as those of its Delta log, `benchlake.NAME`, and back.
Properties delta_properties(const Properties& properties);
Properties table_properties(const Properties& configuration);

}  // namespace bl::lake
