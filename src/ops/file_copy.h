#pragma once

#include <string>

#include "base/disk.h"
#include "ops/model.h"

/// Big files, piece by piece. Private to ops.
namespace bl::ops {

struct FileDigest {
  std::uint64_t bytes = 0;
  std::string sha256;
};
/// Reads all of the file. Errors: not_found, io, cancelled.
Result<FileDigest> digest_file(Disk& disk, const std::string& path, const Progress& progress);
/// Writes a new file (0600), durable but for its name. Errors: conflict (`to` exists), io,
/// disk_full, not_found, cancelled; then `to` may be there in part.
Result<FileDigest> copy_file(Disk& disk, const std::string& from, const std::string& to,
                             const Progress& progress);
Result<void> sync_file(Disk& disk, const std::string& path);
Result<void> remove_if_there(Disk& disk, const std::string& path);
/// `.` for a bare name.
std::string folder_of(const std::string& path);

}  // namespace bl::ops
