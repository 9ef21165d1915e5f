#pragma once

#include "base/disk.h"
#include "net/router.h"
#include "ops/operations.h"
#include "ops/status.h"

namespace bl::ops {

struct RoutePorts {
  StatusReader& status;
  Operations& operations;
  Disk& disk;
  const Clock& clock;
  StorePlace place;  ///< what a backup copies
  std::string version;
};

/// GET /api/v1/status, POST /api/v1/backups, GET /api/v1/operations/{id} (openapi.yaml). `ports`
/// outlives the router.
void add_routes(net::Router& router, const RoutePorts& ports);

}  // namespace bl::ops
