#include "lake/journal.h"

namespace bl::lake {
namespace {

Counter limit_counter(Metrics& metrics, const char* limit) {
  return metrics.counter("bl_journal_limit_hits_total",
                         "Times that a limit of a journal was reached", {{"limit", limit}});
}

}  // namespace

JournalMetrics::JournalMetrics(Metrics& metrics)
    : groups(metrics.counter("bl_journal_groups_total", "Group commits of journals")),
      records(metrics.counter("bl_journal_records_total", "Records acknowledged as durable")),
      bytes(metrics.counter("bl_journal_bytes_total", "Bytes written to journals")),
      replays(
          metrics.counter("bl_journal_replays_total", "Appends answered by their idempotency key")),
      failures(metrics.counter("bl_journal_failures_total", "Group commits that failed")),
      torn_bytes(metrics.counter("bl_journal_torn_bytes_total",
                                 "Bytes without an acknowledgement that a recovery cut off")),
      unknown(metrics.counter("bl_journal_unknown_total",
                              "Group commits whose outcome was not known when they were answered")),
      seals(metrics.counter("bl_journal_seals_total",
                            "Journals of objects that another process has sealed")),
      group_seconds(metrics.histogram("bl_journal_group_seconds", "Duration of a group commit",
                                      Metrics::latency_bounds())),
      queue_bytes(metrics.gauge("bl_journal_queue_bytes", "Bytes that wait for a group commit")),
      segments(metrics.gauge("bl_journal_segments", "Segments of journals")),
      keys(metrics.gauge("bl_journal_keys", "Idempotency keys that journals know")),
      queue_limit(limit_counter(metrics, "queue_bytes_max")),
      wait_limit(limit_counter(metrics, "queue_wait_max")) {}

}  // namespace bl::lake
