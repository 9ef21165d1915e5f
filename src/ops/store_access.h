#pragma once

#include <memory>

#include "base/log.h"
#include "base/metrics.h"
#include "ops/model.h"

/// A store opened by an operator's command, without a server around it. Private to ops.
namespace bl::ops {

/// A database and what it must not outlive.
struct OpenedStore {
  std::unique_ptr<Metrics> metrics;
  std::unique_ptr<Log> log;
  std::unique_ptr<store::Database> database;
};

/// To read: SQLite beside its owner or without one; PostgreSQL as any client. One read may take
/// hours. Errors: not_found (no database file), those of the driver.
Result<OpenedStore> open_for_reading(const StorePlace& place, const Clock& clock);
/// To own: SQLite under its lock. Errors: conflict (somebody owns it), those of the driver.
Result<OpenedStore> open_as_owner(const StorePlace& place, const Clock& clock);

}  // namespace bl::ops
