#pragma once

#include <string>

#include "ops/model.h"

/// PostgreSQL's own programs, pg_dump and pg_restore, for backup and restore. They are looked for
/// in the folder BENCHLAKE_POSTGRES_BIN of the environment, else in PATH. The password goes through
/// the environment, never the command line. Private to ops.
namespace bl::ops {

/// Writes the schemas public and benchlake in pg_dump's custom format, and counts their tables in
/// the same snapshot. Fills schema and tables of the manifest. Errors: unsupported (no pg_dump, or
/// one older than the server; says what to install), io (its own words), disk_full, cancelled,
/// those of the driver.
Result<void> dump_postgres(const StorePlace& place, const std::string& path, const Clock& clock,
                           Manifest& manifest, const Progress& progress);

/// Puts a dump into the database, in one transaction: all of it or nothing. With `clean` what the
/// dump holds is dropped first. Errors: as above; conflict (something of it is there already).
struct RestoreTarget {
  StorePlace place;
  bool clean = false;
};
Result<void> load_postgres(const RestoreTarget& target, const std::string& path,
                           const Progress& progress);

}  // namespace bl::ops
