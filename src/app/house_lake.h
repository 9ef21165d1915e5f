#pragma once

#include <memory>
#include <mutex>

#include "app/settings.h"
#include "ops/lake_backup.h"

/// The one lake of a server: that of lake.objects, or one of its own in the data folder, which is
/// made when a domain needs one first (spans, tables of BigQuery).
namespace bl::app {

/// The server's own lake is begun, or the settings name one: what a start opens, and what commands
/// work on. Null: there is none yet. Errors: conflict (lake.objects names another lake than the one
/// that the data folder has), those of the disk.
Result<std::shared_ptr<lake::LakeOptions>> lake_in_use(const Settings& settings, Disk& disk);

/// Threads: any.
class HouseLake {
 public:
  /// All outlive this.
  HouseLake(const Settings& settings, const lake::LakeWorld& world)
      : settings_(settings), world_(world) {}

  /// What the lake is opened with (lake::LakeWorld::keeper). Before the first open() or get(); it
  /// outlives this.
  void keep_keys_with(lake::KeyKeeper& keeper) { world_.keeper = &keeper; }
  /// Opens the lake in use, which recovers what was not flushed. Errors: those of lake_in_use and
  /// of Lake::open.
  Result<void> open();
  /// The lake; makes the server's own where there is none. Errors: as open().
  Result<lake::Lake*> get();
  /// Null: nobody needed one yet.
  lake::Lake* opened() const;
  /// For backups; null as opened().
  const ops::OpenLake* open_lake() const;
  /// Of the opened one; else null.
  const lake::LakeOptions* options() const;
  void close();

 private:
  Result<void> open(const std::shared_ptr<lake::LakeOptions>& options);

  const Settings& settings_;
  lake::LakeWorld world_;
  mutable std::mutex mutex_;
  // Guarded by mutex_; once there, they stay until close().
  std::shared_ptr<lake::LakeOptions> options_;
  std::unique_ptr<lake::Lake> lake_;
  std::unique_ptr<ops::OpenLake> open_lake_;
};

}  // namespace bl::app
