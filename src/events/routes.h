#pragma once

#include <functional>

#include "base/ids.h"
#include "events/event_sql.h"
#include "events/log.h"
#include "events/ports.h"
#include "events/tails.h"
#include "net/router.h"

/// The log of build events over HTTP (spec/events-delta.md 1.8; openapi_events.yaml): what goes on,
/// one build, partition, job; events in pages and as they come; appends. Reads need the role
/// reader, appends writer. benchlake runs no builds: `analyze` and `execute` are refused by name.
namespace bl::events {

/// The log, opened at the latest now. Errors: not_found (this server keeps none), those of opening.
using LogSource = std::function<Result<EventLog*>()>;

/// The engine of SQL over it; opened at the latest now. Errors: those of opening.
using SqlSource = std::function<Result<EventSql*>()>;

/// All that is referred to outlives the router.
struct RoutePorts {
  LogSource log;
  SqlSource sql;
  engine::QueryLimits most;  ///< what SQL may ask for
  BuildResults& results;
  Tails& tails;
  const Clock& clock;
  IdSource& ids;
  EventLimits limits = {};
  std::size_t append_bytes_max = 64u << 20;  ///< of one request, decoded; more: too_large
};

void add_routes(net::Router& router, const RoutePorts& ports);

}  // namespace bl::events
