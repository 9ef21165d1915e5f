#pragma once

#include <span>
#include <string>

#include "base/disk.h"
#include "ops/lake_backup.h"
#include "ops/model.h"
#include "ops/ports.h"

/// A backup put in the store's place. No server may run on the store meanwhile.
namespace bl::ops {

struct RestoreRequest {
  /// What to do with a store that holds rows already.
  enum class Existing : unsigned char { refuse, replace };
  StorePlace place;
  std::string data_folder;  ///< its lock keeps servers away
  std::string backup;
  Existing existing = Existing::refuse;
  /// Where the backup's lake goes; null: nowhere, and then (and so for its build events) the store
  /// comes back alone only where `store_alone` says so.
  const lake::LakeOptions* lake = nullptr;
  const lake::LakeWorld* world = nullptr;  ///< with `lake`
  const EventLogPort* events = nullptr;    ///< where the backup's build events go; null: nowhere
  bool store_alone = false;
  std::span<const store::Migration> migrations;  ///< what this program knows
};

struct RestoreOutcome {
  Manifest manifest;
  std::string kept;       ///< SQLite: where the replaced store lies now; empty when there was none
  bool has_lake = false;  ///< it came back as well
  std::vector<std::string> kept_lake;    ///< where the parts of a replaced lake lie now
  bool has_events = false;               ///< the log of build events came back as well
  std::vector<std::string> kept_events;  ///< where a replaced one lies now
};

/// Checks the backup against its manifest, then:
/// SQLite: copies it beside the store, checks the copy, and gives it the store's name by rename(2).
/// Whenever the process ends, the old or the new store is there, whole. A replaced store is kept as
/// `FILE.replaced-TIME`.
/// PostgreSQL: pg_restore in one transaction; what is replaced is dropped in it.
/// The lake and the log of build events: former ones are moved aside, to `.replaced-TIME`; then the
/// store comes back, then the lake, then the events. While they do not fit together no server
/// starts (demand_restored): restore again.
/// Durable on return. Errors: those of verify_backup; conflict (a server runs; the store holds rows
/// and may not be replaced; the backup is of a newer program: it names what), unsupported (a backup
/// of the other kind of store), disk_full, io, forbidden.
Result<RestoreOutcome> restore_backup(const RestoreRequest& request, Disk& disk, const Clock& clock,
                                      const Progress& progress);

/// Errors: conflict (a restore into this data folder was cut off: names its backup).
Result<void> demand_restored(Disk& disk, const std::string& data_folder);

}  // namespace bl::ops
