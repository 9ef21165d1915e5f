#pragma once

#include <memory>
#include <string>

#include "base/disk.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/random.h"
#include "base/time.h"
#include "events/log.h"
#include "events/log_uri.h"

namespace bl::events {

/// What of the world a log needs; all of it outlives the log.
struct LogWorld {
  Disk& disk;
  const Clock& clock;
  Random& random;
  Metrics& metrics;
  Log& log;
  /// A local folder of this process for copies, indexes of tables that are not on this disk, and
  /// spilling. What lies there may go between two starts.
  std::string scratch;
};

/// Opens the log that the URI names; makes it when nothing is there (not with mode=ro). Errors:
/// not_found (mode=ro), conflict (another process owns the SQLite file; a table of another schema),
/// unsupported (a Delta feature, by name; a schema version that is newer than we read: says both),
/// and those of the backend.
Result<std::unique_ptr<EventLog>> open_log(const LogUri& uri, const LogWorld& world);

/// The backends. open_log() chooses.
Result<std::unique_ptr<EventLog>> open_sql_log(const LogUri& uri, const LogWorld& world);
Result<std::unique_ptr<EventLog>> open_delta_log(const LogUri& uri, const LogWorld& world);

}  // namespace bl::events
