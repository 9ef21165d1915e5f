#pragma once

#include <memory>
#include <span>
#include <string>

#include "events/index/keys_file.h"

namespace bl::events::index {

/// Writes the keys of a part that does not change any more, with what it changed of the entities.
/// Errors: io, disk_full.
Result<FileIdentity> write_keys(Disk& disk, const std::string& path, const MemoryPart& part,
                                const AllChanges& changes);

/// Writes one file of keys for adjacent ones. Memory: 12 bytes for each entity of theirs. Errors:
/// io, disk_full, too_large (more than 4 G postings).
Result<FileIdentity> merge_keys(Disk& disk, const std::string& path,
                                std::span<const std::shared_ptr<const KeysFile>> files,
                                const Rows& rows);

}  // namespace bl::events::index
