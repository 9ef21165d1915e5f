#include "events/open_log.h"

namespace bl::events {

Result<std::unique_ptr<EventLog>> open_log(const LogUri& uri, const LogWorld& world) {
  return open_sql_log(uri, world);
}

}  // namespace bl::events
