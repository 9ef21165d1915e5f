#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/disk.h"
#include "lake/copy.h"

/// `files.json` in a folder of a backup: each file's place, length and SHA-256. Private to ops.
namespace bl::ops {

/// Gives the list's own SHA-256, for the manifest. Errors: io, disk_full.
Result<std::string> write_file_list(Disk& disk, const std::string& folder,
                                    std::span<const lake::CopiedFile> files);
/// Errors: corrupt (not the list that the manifest means), not_found, io.
Result<std::vector<lake::CopiedFile>> read_file_list(Disk& disk, const std::string& folder,
                                                     const std::string& sha256);

}  // namespace bl::ops
