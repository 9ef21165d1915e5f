#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/disk.h"

/// Big files, piece by piece.
namespace bl {

/// How many bytes of a file are done, and all; false ends the work with `cancelled`.
using FileProgress = std::function<bool(std::uint64_t done, std::uint64_t total)>;

struct FileDigest {
  std::uint64_t bytes = 0;
  std::string sha256;
};
/// Reads all of the file. Errors: not_found, io, cancelled.
Result<FileDigest> digest_file(Disk& disk, const std::string& path, const FileProgress& progress);
/// Writes a new file (0600), durable but for its name. Errors: conflict (`to` exists), io,
/// disk_full, not_found, cancelled; then `to` may be there in part.
Result<FileDigest> copy_file(Disk& disk, const std::string& from, const std::string& to,
                             const FileProgress& progress);
Result<void> sync_file(Disk& disk, const std::string& path);
Result<void> remove_if_there(Disk& disk, const std::string& path);
/// A folder with all that is in it, links not followed; fine when it is not there.
Result<void> remove_tree(Disk& disk, const std::string& path);
/// The folder that a path names a file of: `.` for a bare name.
std::string folder_of(const std::string& path);

}  // namespace bl
