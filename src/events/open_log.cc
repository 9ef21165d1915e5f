#include "events/open_log.h"

namespace bl::events {

Result<std::unique_ptr<EventLog>> open_log(const LogUri& uri, const LogWorld& world) {
  if (uri.backend == LogUri::Backend::delta) return open_delta_log(uri, world);
  return open_sql_log(uri, world);
}

}  // namespace bl::events
