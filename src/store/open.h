#pragma once

#include <memory>
#include <string_view>

#include "base/log.h"
#include "base/metrics.h"
#include "store/database.h"

namespace bl::store {

/// Opens the store that a URI names: `sqlite:///abs.db`, `sqlite://rel.db`, `sqlite::memory:`,
/// `postgres://user@host:port/database`. Any other scheme is refused with the list of those that
/// work. Errors:
/// unsupported, invalid (unknown parameter), those of the driver.
Result<std::unique_ptr<Database>> open_database(std::string_view uri, const DatabaseLimits& limits,
                                                Log& log, Metrics& metrics);

}  // namespace bl::store
