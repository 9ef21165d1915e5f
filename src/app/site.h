#pragma once

#include <atomic>
#include <functional>

#include "base/metrics.h"
#include "net/router.h"

/// What belongs to no domain: health, metrics, the API's description, the page.
namespace bl::app {

struct SitePorts {
  const Metrics& metrics;
  /// True once every part is up, false again when the server is stopping.
  const std::atomic<bool>& ready;
  /// One look at the store: an error makes /readyz answer 503.
  std::function<Result<void>()> probe_store;
};

/// GET /healthz (no I/O), /readyz, /metrics, /openapi.yaml, /openapi-3.0.yaml, /openapi.json, and
/// for every other path outside the APIs the page, so that each of its views is a link. Unknown
/// paths of an API are 404 in the shape of their dialect. `router` outlives its routes.
void add_site_routes(net::Router& router, SitePorts ports);

}  // namespace bl::app
