#pragma once

#include <span>
#include <string>

#include "base/disk.h"
#include "ops/model.h"

/// A backup put in the store's place. No server may run on the store meanwhile.
namespace bl::ops {

struct RestoreRequest {
  /// What to do with a store that holds rows already.
  enum class Existing : unsigned char { refuse, replace };
  StorePlace place;
  std::string data_folder;  ///< its lock keeps servers away
  std::string backup;
  Existing existing = Existing::refuse;
  std::span<const store::Migration> migrations;  ///< what this program knows
};

struct RestoreOutcome {
  Manifest manifest;
  std::string kept;  ///< SQLite: where the replaced store lies now; empty when there was none
};

/// Checks the backup against its manifest, then:
/// SQLite: copies it beside the store, checks the copy, and gives it the store's name by rename(2).
/// Whenever the process ends, the old or the new store is there, whole. A replaced store is kept as
/// `FILE.replaced-TIME`.
/// PostgreSQL: pg_restore in one transaction; what is replaced is dropped in it.
/// Durable on return. Errors: those of verify_backup; conflict (a server runs; the store holds rows
/// and may not be replaced; the backup is of a newer program: it names what), unsupported (a backup
/// of the other kind of store), disk_full, io, forbidden.
Result<RestoreOutcome> restore_backup(const RestoreRequest& request, Disk& disk, const Clock& clock,
                                      const Progress& progress);

}  // namespace bl::ops
