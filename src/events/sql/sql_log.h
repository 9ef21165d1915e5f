#pragma once

#include <memory>

#include "events/open_log.h"
#include "events/sql/append_queue.h"
#include "events/sql/event_mirror.h"
#include "events/sql/sql_reads.h"
#include "store/database.h"

namespace bl::events {

struct SqlLogLimits {
  AppendQueueLimits append;
  EventMirrorLimits mirror;
  sql::ReadLimits read;
};

/// A log in a database of its own (open_sql_log). Threads: any.
class SqlLog final : public EventLog {
 public:
  /// Of a database that has the tables. `id`: the log's own, `bel_meta.log_id`.
  SqlLog(std::unique_ptr<store::Database> database, const LogUri& uri, const std::string& id,
         const LogWorld& world, const SqlLogLimits& limits);

  Result<Appended> append(std::span<const BuildEvent> events) override;
  Result<Events> build_request_events(std::string_view build_request_id,
                                      const Slice& slice) override;
  Result<Events> partition_events(std::string_view partition_ref, const Slice& slice) override;
  Result<Events> job_run_events(std::string_view job_run_id, const Slice& slice) override;
  Result<Events> events_in_range(std::int64_t start, std::int64_t end, std::size_t limit) override;
  Result<std::optional<StoredEvent>> event(std::string_view event_id) override;
  Result<EventPage> list(Sequence after, const EventFilter& filter, std::size_t limit) override;
  Result<std::optional<PartitionState>> latest_partition_status(
      std::string_view partition_ref) override;
  Result<std::vector<std::string>> active_builds_for_partition(
      std::string_view partition_ref) override;
  Result<std::optional<std::string>> build_request_for_available_partition(
      std::string_view partition_ref) override;
  Result<std::optional<BuildRequestSummary>> build_request(
      std::string_view build_request_id) override;
  Result<Listed<BuildRequestSummary>> list_build_requests(
      const Paging& paging, std::optional<BuildRequestStatus> status) override;
  Result<Listed<PartitionSummary>> list_recent_partitions(
      const Paging& paging, std::optional<PartitionStatus> status) override;
  Result<Listed<JobSummary>> list_jobs(const Paging& paging, std::string_view search) override;
  Result<ActivitySummary> activity() override;
  Result<lake::Snapshot> table() override;
  Result<LogStatus> status() override;

 private:
  /// Runs `ask` in one snapshot of the database.
  template <class Ask>
  auto read(const Ask& ask);

  const std::unique_ptr<store::Database> database_;
  const LogUri uri_;
  const SqlLogLimits limits_;
  AppendQueue appends_;
  EventMirror mirror_;
};

}  // namespace bl::events
