#pragma once

#include <memory>
#include <string>

#include "base/log.h"
#include "base/metrics.h"
#include "store/database.h"

/// The embedded store (DESIGN 3): one process owns the file (lock file beside it), one writer
/// connection on a thread of its own (which alone checkpoints: SQLite 3.40 corrupts a WAL that two
/// connections write or checkpoint at once), N read-only connections; WAL, synchronous=FULL, group
/// commit. A write is acknowledged after the commit's fsync.
namespace bl::store {

/// Opens or creates. `path` is absolute or relative, or `:memory:` (one connection; for tests of
/// pure SQL). Errors: conflict (another process holds it, with its note), io, corrupt (not a
/// database), forbidden.
Result<std::unique_ptr<Database>> open_sqlite(const std::string& path, const DatabaseLimits& limits,
                                              Log& log, Metrics& metrics);

}  // namespace bl::store
