#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "events/log.h"
#include "events/open_log.h"

/// A log as a folder of plain files, whatever keeps it: for backups.
namespace bl::events {

/// Events done, and all; false ends the work with `cancelled`.
using CopyLogProgress = std::function<bool(std::int64_t done, std::int64_t total)>;

/// Writes what was acknowledged before the call as a Delta table in `folder` (absolute, not there
/// yet), in its order; appends go on meanwhile. Any reader of Delta reads it. Gives the number of
/// events; durable on return, but for the folder's name. After an error the folder holds a part.
/// Errors: those of both logs, cancelled. Cost: reads every event.
Result<std::int64_t> copy_log(EventLog& from, const std::string& folder, const LogWorld& world,
                              const CopyLogProgress& progress);

/// Brings the events of a copy into a log; those that are there already are passed over. So one
/// that was cut off is gone on with by the same call. Errors: corrupt (the copy has not as many
/// events as `events`), and those of both logs (conflict: an id is there with other content).
Result<void> load_log(const std::string& folder, std::int64_t events, EventLog& to,
                      const LogWorld& world, const CopyLogProgress& progress);

}  // namespace bl::events
