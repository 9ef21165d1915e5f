#pragma once

#include <string>
#include <vector>

#include "lake/copy.h"
#include "ops/model.h"

/// The lake's part of a backup: the folder `BACKUP.lake`, with the list of its files. Private to
/// ops.
namespace bl::ops {

/// A lake that this process has open.
struct OpenLake {
  lake::Lake& lake;
  lake::LakeWorld world;
};

/// Where the lake's part of a backup lies.
std::string lake_path(const std::string& backup);

/// Copies the lake to a folder, which is not there yet or holds what a call before left. Files that
/// other backups in the same folder have get second names. Errors: those of copy_lake.
Result<LakeManifest> back_up_lake(const OpenLake& open, const std::string& folder,
                                  const Progress& progress);

/// The files of a backup's lake, all of them read. Errors: corrupt, not_found, io, cancelled.
Result<std::vector<lake::CopiedFile>> verify_lake(Disk& disk, const std::string& folder,
                                                  const LakeManifest& manifest,
                                                  const Progress& progress);

/// Gives each of the paths that is there the end `.replaced-TIME`; `moved`: what they are called
/// now, after an error too.
Result<void> move_aside(Disk& disk, const std::vector<std::string>& paths, Timestamp now,
                        std::vector<std::string>& moved);

/// Where a lake lies already that a restore would meet: its objects, catalog and journals; they are
/// moved aside. Errors: unsupported (it is not on this machine's disk), io.
Result<bool> is_lake_there(const lake::LakeOptions& options, const lake::LakeWorld& world);
Result<void> move_lake_aside(const lake::LakeOptions& options, Disk& disk, Timestamp now,
                             std::vector<std::string>& moved);
/// What a restore that was cut off left of a catalog.
Result<void> drop_catalog_file(const lake::LakeOptions& options, Disk& disk);

/// What stands between a path and the time when it was moved aside.
inline constexpr std::string_view k_kept_mark = ".replaced-";
/// `PATH.replaced-20261121T180000`, or with a number behind it: what is kept is never overwritten.
Result<std::string> name_of_kept(Disk& disk, const std::string& path, Timestamp now);

}  // namespace bl::ops
