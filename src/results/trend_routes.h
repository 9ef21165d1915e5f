#pragma once

#include "net/router.h"
#include "results/trends.h"

/// GET /api/v1/trends and /api/v1/trends/benchmarks: decode, call the port, encode. Described in
/// openapi_trends.yaml.
namespace bl::results {

/// What the routes call. All outlive the router.
struct TrendRoutePorts {
  TrendReader& trends;
  const Clock& clock;
};

void add_trend_routes(net::Router& router, const TrendRoutePorts& ports);

}  // namespace bl::results
