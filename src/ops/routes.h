#pragma once

#include "base/disk.h"
#include "base/metrics.h"
#include "net/router.h"
#include "ops/lake_backup.h"
#include "ops/operations.h"
#include "ops/ports.h"
#include "ops/status.h"

namespace bl::ops {

/// Of the backups that this server has made. Threads: any.
struct BackupMetrics {
  explicit BackupMetrics(Metrics& metrics);
  Counter made;
  Counter failed;
  Gauge last_success;
};

struct RoutePorts {
  StatusReader& status;
  Operations& operations;
  Disk& disk;
  const Clock& clock;
  StorePlace place;  ///< what a backup copies
  std::string version;
  BackupMetrics metrics;
  std::function<const OpenLake*()> lake;  ///< what a backup copies as well; null: no lake
  EventLogPort events;                    ///< likewise
};

/// 202, with the place where the operation is asked after.
net::Response accepted(const OperationView& begun);

/// GET /api/v1/status, POST /api/v1/backups, GET /api/v1/operations/{id} (openapi.yaml). `ports`
/// outlives the router.
void add_routes(net::Router& router, const RoutePorts& ports);

}  // namespace bl::ops
