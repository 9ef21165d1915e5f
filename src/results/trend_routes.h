#pragma once

#include "net/router.h"
#include "results/trends.h"
#include "results/verdicts.h"

/// GET /api/v1/trends and /api/v1/trends/benchmarks: decode, call the port, encode. Described in
/// openapi_trends.yaml.
namespace bl::results {

/// What the routes call. All outlive the router.
struct TrendRoutePorts {
  TrendReader& trends;
  const Clock& clock;
  VerdictReader* verdicts = nullptr;  ///< shown beside the series; may be missing
};

void add_trend_routes(net::Router& router, const TrendRoutePorts& ports);

}  // namespace bl::results
