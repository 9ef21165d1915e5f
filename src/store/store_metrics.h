#pragma once

#include <string_view>

#include "base/metrics.h"

/// The metrics of the store, one set for every driver.
namespace bl::store {

struct StoreMetrics {
  explicit StoreMetrics(Metrics& metrics);

  Gauge write_queue;
  Counter commits;
  Counter writes;
  Histogram group_size;
  Histogram commit_seconds;
  Gauge wal_bytes;
  Counter reader_waits;
  Counter checkpoints;
  Counter checkpoints_failed;

  // PostgreSQL
  Gauge connections;
  Counter connections_lost;
  Counter write_retries;
  Counter commits_looked_up;
  Counter commits_unknown;

  /// Limits of DatabaseLimits that were reached.
  Counter queue_limit;
  Counter read_wait_limit;
  Counter read_time_limit;
  Counter write_time_limit;
};

}  // namespace bl::store
