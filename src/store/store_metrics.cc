#include "store/store_metrics.h"

namespace bl::store {
namespace {

Counter limit_counter(Metrics& metrics, const char* limit) {
  return metrics.counter("bl_store_limit_hits_total", "Times that a limit of the store was reached",
                         {{"limit", limit}});
}

}  // namespace

StoreMetrics::StoreMetrics(Metrics& metrics)
    : write_queue(metrics.gauge("bl_store_write_queue", "Writes that wait for the writer")),
      commits(metrics.counter("bl_store_commits_total", "Durable commits")),
      writes(metrics.counter("bl_store_writes_total", "Writes acknowledged as durable")),
      group_size(metrics.histogram("bl_store_group_size", "Writes in one commit",
                                   {1, 2, 4, 8, 16, 32, 64, 128, 256, 512})),
      commit_seconds(metrics.histogram("bl_store_commit_seconds", "Duration of a durable commit",
                                       Metrics::latency_bounds())),
      wal_bytes(metrics.gauge("bl_store_wal_bytes", "Bytes in the write-ahead log")),
      reader_waits(metrics.counter("bl_store_reader_waits_total",
                                   "Reads that waited for a free connection")),
      checkpoints(metrics.counter("bl_store_checkpoints_total", "Checkpoints that ran",
                                  {{"outcome", "ok"}})),
      checkpoints_failed(metrics.counter("bl_store_checkpoints_total", "Checkpoints that ran",
                                         {{"outcome", "failed"}})),
      connections(metrics.gauge("bl_store_connections", "Open connections to PostgreSQL")),
      connections_lost(metrics.counter("bl_store_connections_lost_total",
                                       "Connections to PostgreSQL that broke")),
      write_retries(metrics.counter("bl_store_write_retries_total",
                                    "Writes run again after a conflict or a lost connection")),
      commits_looked_up(metrics.counter("bl_store_commits_looked_up_total",
                                        "Commits whose answer was lost and looked up")),
      commits_unknown(metrics.counter("bl_store_commits_unknown_total",
                                      "Commits whose outcome could not be looked up")),
      queue_limit(limit_counter(metrics, "write_queue_max")),
      read_wait_limit(limit_counter(metrics, "read_wait_ms_max")),
      read_time_limit(limit_counter(metrics, "read_ms_max")),
      write_time_limit(limit_counter(metrics, "write_ms_max")) {}

}  // namespace bl::store
