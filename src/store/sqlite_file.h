#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/metrics.h"
#include "store/database.h"

/// A SQLite store as a file: looked into, checked, copied, made ready to be replaced. All but
/// settle_sqlite_file only read, also beside the process that owns the file: a reader of the WAL
/// harms nobody. A process that owns a store must not open its file in another way than these.
namespace bl::store {

/// A Database that only reads: no lock, no writer; write() and migrate() are `forbidden`. Errors:
/// io, corrupt (no database), not_found.
Result<std::unique_ptr<Database>> open_sqlite_for_reading(const std::string& path,
                                                          const DatabaseLimits& limits,
                                                          Metrics& metrics);

/// Opens or creates a file that several processes write at once, each through this call: with a
/// rollback journal, because SQLite 3.40 corrupts a WAL that two connections write. Writers wait
/// for each other, and for readers, up to lock_ms_max: `overloaded` behind that. Not beside a
/// process that owns the file (open_database): one excludes the other by FILE.lock. Writes of one
/// process go one after the other, each a commit of its own. Errors: conflict (a process owns the
/// file), io, corrupt, forbidden.
Result<std::unique_ptr<Database>> open_shared_sqlite(const std::string& path,
                                                     const DatabaseLimits& limits, Log& log,
                                                     Metrics& metrics);

/// How far a long call is, in bytes of the database; false ends it with `cancelled`.
using CopyProgress = std::function<bool(std::uint64_t bytes_done, std::uint64_t bytes_total)>;

/// Copies one snapshot of the database into a new file that needs no other (no WAL). Writers go on
/// meanwhile; the WAL cannot start over before the copy is done. The copy is not synced. Errors:
/// conflict (`to` exists), io, disk_full, corrupt, cancelled; then `to` is gone.
/// Cost: reads and writes each page once.
Result<void> copy_sqlite_file(const std::string& from, const std::string& to,
                              const CopyProgress& progress);

/// `quick` skips the comparison of indexes with their tables.
enum class CheckDepth : unsigned char { quick, full };
/// What SQLite finds wrong, at most 20 sentences; empty: sound. Errors: io, not_found, corrupt when
/// it is no database at all.
Result<std::vector<std::string>> check_sqlite_file(const std::string& path, CheckDepth depth);

/// Moves all of the WAL into the file, so that the file alone is the store. The caller holds the
/// store's lock (FILE.lock). Errors: io, corrupt, disk_full, overloaded (somebody reads).
Result<void> settle_sqlite_file(const std::string& path);

}  // namespace bl::store
