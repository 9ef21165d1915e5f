#pragma once

#include <string>

#include "base/disk.h"
#include "ops/lake_backup.h"
#include "ops/model.h"
#include "ops/ports.h"

/// A copy of the store in one file, with a manifest beside it that says what is in it. SQLite: a
/// copy of the database, made by a reader, so writers go on. PostgreSQL: pg_dump's custom format.
/// And one of the lake and one of the log of build events, where they are, in folders beside both.
namespace bl::ops {

struct BackupRequest {
  StorePlace place;
  std::string path;  ///< of the new file; neither it nor its manifest exists
  std::string program_version;
  const OpenLake* lake = nullptr;        ///< null: without
  const EventLogPort* events = nullptr;  ///< null: without
};

/// Writes `path`.partial, checks it, gives it its name, writes the manifest last: a backup without
/// manifest is not whole. The lake's moment is before the store's: what the lake's replica has not
/// yet is in the change log of the store's copy. So is that of the build events. On return both are
/// durable. Nothing is overwritten; what failed is removed. One backup to a path at a time.
/// `progress` is asked on the calling thread. Errors: conflict (path, manifest or a folder exists),
/// not_found (no such folder, no store), disk_full (also when it is clear before), corrupt (the
/// store is broken: it is named), io, forbidden, cancelled, unsupported (pg_dump is missing or
/// older than the server). Cost: reads and writes the store once, reads the copy twice more.
Result<Manifest> make_backup(const BackupRequest& request, Disk& disk, const Clock& clock,
                             const Progress& progress);

/// Reads the backup's manifest and all of its file, not of its folders. Errors: not_found (file or
/// manifest), corrupt (another length or checksum than the manifest's), io, unsupported, cancelled.
Result<Manifest> verify_backup(Disk& disk, const std::string& path, const Progress& progress);

}  // namespace bl::ops
