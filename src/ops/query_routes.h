#pragma once

#include "lake/lake.h"
#include "net/router.h"
#include "ops/queries.h"
#include "ops/query_work.h"

namespace bl::ops {

/// All of it outlives the router.
struct QueryRoutePorts {
  lake::Lake* lake = nullptr;        ///< null: this server has none, and says so
  engine::Engine* engine = nullptr;  ///< null: the lake is none that SQL of users may ask (S3)
  Queries& queries;
  engine::QueryLimits most;  ///< what a query may ask for
};

/// POST /api/v1/query; GET and DELETE /api/v1/queries...; GET /api/v1/tables (openapi_query.yaml).
/// Role reader: a query sees all tables of the lake. A query's error that comes when rows are on
/// their way cuts the answer off; small answers are kept back until they are whole.
void add_query_routes(net::Router& router, const QueryRoutePorts& ports);

}  // namespace bl::ops
