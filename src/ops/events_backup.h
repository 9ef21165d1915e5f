#pragma once

#include <optional>
#include <string>

#include "base/disk.h"
#include "ops/ports.h"

/// The part of a backup that is the log of build events: the folder `BACKUP.events`, with a Delta
/// table and the list of its files. Private to ops.
namespace bl::ops {

std::string events_path(const std::string& backup);

/// Copies the log to a folder, which is not there yet. nullopt: there is no log. Errors: those of
/// the port, io, disk_full, cancelled.
Result<std::optional<EventsManifest>> back_up_events(const EventLogPort& port, Disk& disk,
                                                     const std::string& folder,
                                                     const Progress& progress);

/// Reads every file. Errors: corrupt, not_found, io, cancelled.
Result<void> verify_events(Disk& disk, const std::string& folder, const EventsManifest& manifest,
                           const Progress& progress);
Result<void> load_events(const EventLogPort& port, const std::string& folder,
                         const EventsManifest& manifest, const Progress& progress);

}  // namespace bl::ops
