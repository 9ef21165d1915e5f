#pragma once

#include "advice/alert_cost.h"
#include "net/router.h"

/// `GET /api/v1/advice/alert-cost`. Decode, call the port, encode. Described in
/// openapi_advice_cost.yaml.
namespace bl::advice {

/// What the route calls. All outlive the router.
struct AlertCostRoutePorts {
  AlertCostFacts& facts;
  /// A repository's name in the form that it is stored in. Errors: invalid.
  Result<std::string> (*normalise_repository)(std::string_view name);
};

void add_alert_cost_routes(net::Router& router, const AlertCostRoutePorts& ports);

}  // namespace bl::advice
