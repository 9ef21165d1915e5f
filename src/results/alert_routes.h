#pragma once

#include <chrono>

#include "net/router.h"
#include "results/alert_delivery.h"
#include "results/alert_evaluator.h"
#include "results/store_alerts.h"

/// Alert rules as Conbench's newer API has them [3.5], and benchlake's own routes beside them:
/// evaluate and deliver now, the messages and what became of them. Described in
/// openapi_alerts.yaml.
///
/// A rule belongs to the user who made it; to others it is not there (404). Admins see and change
/// all of them. Whoever is no user (the operator's token, a token that nobody owns) makes none.
namespace bl::results {

/// All outlive the router.
struct AlertPorts {
  StoreAlerts& alerts;
  AlertEvaluator& evaluator;
  AlertDeliverer& deliverer;
  const Clock& clock;
  AlertRuleLimits limits = {};
  std::chrono::milliseconds deliver_time{20'000};  ///< of one `deliver`
};

void add_alert_routes(net::Router& router, const AlertPorts& ports);

}  // namespace bl::results
