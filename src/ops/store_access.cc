#include "ops/store_access.h"

#include "store/open.h"
#include "store/sqlite_file.h"

namespace bl::ops {
namespace {

constexpr std::int64_t k_read_ms_max = 24LL * 3'600 * 1'000;

OpenedStore nothing_open(const Clock& clock) {
  OpenedStore opened;
  opened.metrics = std::make_unique<Metrics>();
  opened.log = std::make_unique<Log>(clock, LogLevel::error, stderr_sink());
  return opened;
}

}  // namespace

Result<OpenedStore> open_for_reading(const StorePlace& place, const Clock& clock) {
  OpenedStore opened = nothing_open(clock);
  store::DatabaseLimits limits = place.limits;
  limits.read_ms_max = k_read_ms_max;
  if (place.dialect == store::Dialect::sqlite) {
    BL_TRY(opened.database, store::open_sqlite_for_reading(place.file, limits, *opened.metrics));
  } else {
    BL_TRY(opened.database, store::open_database(place.uri, limits, *opened.log, *opened.metrics));
  }
  return opened;
}

Result<OpenedStore> open_as_owner(const StorePlace& place, const Clock& clock) {
  OpenedStore opened = nothing_open(clock);
  BL_TRY(opened.database,
         store::open_database(place.uri, place.limits, *opened.log, *opened.metrics));
  return opened;
}

}  // namespace bl::ops
