#pragma once

#include <array>
#include <memory>

#include "base/disk.h"
#include "base/random.h"
#include "lake/lake.h"

/// A lake opened by an operator's command, without a server around it. Private to ops.
namespace bl::ops {

/// What of the world a lake needs, for one command; warnings go to standard error.
struct LakeSurroundings {
  LakeSurroundings();
  lake::LakeWorld world() { return {*disk, clock, random, log, metrics}; }

  std::unique_ptr<Disk> disk;
  SystemClock clock;
  SystemRandom random;
  Metrics metrics;
  Log log;
};

/// Opens it under its lock, without housekeeping. Errors: conflict (a server has it), those of
/// Lake::open.
Result<std::unique_ptr<lake::Lake>> open_lake(const lake::LakeOptions& options,
                                              LakeSurroundings& around);

/// Makes the catalog anew from what the tables' Delta logs tell. One that is there is moved aside
/// first, to FILE.broken-TIME, and comes back when this fails. Errors: conflict (a server has the
/// lake; a catalog of PostgreSQL that is there), those of rebuild_catalog.
struct RebuiltCatalog {
  lake::Rebuilt rebuilt;
  std::string aside;  ///< where the former catalog is now; empty: there was none
};
Result<RebuiltCatalog> rebuild_lake(
    const lake::LakeOptions& options, LakeSurroundings& around,
    const std::function<void(std::size_t done, std::size_t all)>& progress);

/// The catalog's file; empty when it is no file. Errors: those of parse_uri.
Result<std::string> catalog_file(const lake::LakeOptions& options);
/// What SQLite keeps of a database: ends of its files' names.
inline constexpr std::array<const char*, 4> k_catalog_parts = {"", "-wal", "-shm", "-journal"};
/// Fine where it is not.
Result<void> remove_catalog(const std::string& file, Disk& disk);

/// Is a catalog file there, which a rebuild would move aside? False for PostgreSQL.
Result<bool> has_catalog_file(const lake::LakeOptions& options, Disk& disk);

}  // namespace bl::ops
