#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "lake/lake.h"

/// A lake as a folder of plain files: each table a Delta table of its own, with what a catalog is
/// made from again. Any reader of Delta reads it.
namespace bl::lake {

/// Bytes of files done, and all; false ends the work with `cancelled`.
using CopyProgress = std::function<bool(std::uint64_t done, std::uint64_t total)>;

struct CopiedFile {
  std::string key;  ///< its place in the folder, and in the lake: `tables/TABLE/...`
  std::uint64_t bytes = 0;
  std::string sha256;
  bool operator==(const CopiedFile&) const = default;
};

struct CopiedTable {
  std::string name;
  std::int64_t snapshot = 0;
  std::int64_t rows = 0;
};

struct LakeCopy {
  std::vector<CopiedTable> tables;
  std::vector<CopiedFile> files;  ///< by key
};

/// Copies what the tables of a lake list at one moment, which is after the call's begin: what was
/// acknowledged before it is in the copy. Appends, commits and readers go on; what expires
/// meanwhile stays until it is copied. `folder` does not exist or is empty; after an error it holds
/// a part. A file that one of the `earlier` copies' folders has is read there and gets a second
/// name: files never change. Durable on return.
/// Errors: corrupt (a file is not what its name says: names it), disk_full, cancelled, and those of
/// flush, catalog and store. Cost: reads every file once, writes those that no earlier copy has.
Result<LakeCopy> copy_lake(Lake& lake, const LakeWorld& world, const std::string& folder,
                           std::span<const std::string> earlier, const CopyProgress& progress);

/// Reads every file of a copy. Errors: not_found, corrupt (names the file), io, cancelled.
Result<void> verify_copy(Disk& disk, const std::string& folder, std::span<const CopiedFile> files,
                         const CopyProgress& progress);

/// Makes a lake of a copy, where none is: its objects, then its catalog. What a call before left
/// that was cut off is gone on with. The tables' earlier snapshots are not in it.
/// Errors: conflict (an object of that name and of other bytes is there; a server has the lake),
/// corrupt (a file of the copy is not what `files` says), and those of rebuild_catalog.
Result<Rebuilt> load_lake(const LakeOptions& options, const LakeWorld& world,
                          const std::string& folder, std::span<const CopiedFile> files,
                          const CopyProgress& progress);

}  // namespace bl::lake
