#pragma once

#include "base/disk.h"
#include "lake/lake.h"
#include "net/router.h"
#include "ops/lake_replica.h"
#include "ops/operations.h"

namespace bl::ops {

/// All of it outlives the router.
struct LakeRoutePorts {
  lake::Lake* lake = nullptr;  ///< null: this server has none, and says so
  const lake::LakeOptions* options = nullptr;
  Operations& operations;
  store::Database& database;  ///< the audit is there
  const Clock& clock;
  ReplicaPort replica;  ///< empty: this server has none, and says so
};

/// GET /api/v1/lake and /api/v1/lake/tables/{table}; POST /api/v1/lake/{verify, compact, expire,
/// sweep, rollback, refresh}, each of which begins an operation (openapi_lake.yaml). Role admin.
/// `ports` outlives the router.
void add_lake_routes(net::Router& router, const LakeRoutePorts& ports);

}  // namespace bl::ops
