#pragma once

#include "net/router.h"
#include "results/receipts.h"

/// `GET /api/v1/receipts`: who sent which submission, and what became of it. Role writer. Described
/// in openapi_alerts.yaml.
namespace bl::results {

/// `receipts` outlives the router.
void add_receipt_routes(net::Router& router, Receipts& receipts);

}  // namespace bl::results
