#pragma once

#include <mutex>
#include <vector>

#include "events/log.h"

/// The rule for all backends: every answer of EventLog by scans over all events, as its words are.
/// Slow on purpose. Holds everything in memory; durable is nothing.
namespace bl::events {

struct MemoryLogOptions {
  bool is_strict = false;
};

/// Threads: any.
class MemoryLog final : public EventLog {
 public:
  explicit MemoryLog(const MemoryLogOptions& options = {}) : options_(options) {}

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
  // Pointers to what matches, by total order.
  template <class Matches>
  std::vector<const BuildEvent*> ordered(const Matches& matches) const;
  template <class Matches>
  Events sliced(const Slice& slice, const Matches& matches) const;
  Result<void> check_strict(std::span<const BuildEvent> events,
                            std::span<const std::size_t> added) const;
  std::vector<BuildRequestSummary> all_builds() const;
  std::vector<PartitionSummary> all_partitions() const;
  JobSummary job_summary(const std::string& label) const;

  const MemoryLogOptions options_;
  mutable std::mutex mutex_;
  std::vector<BuildEvent> events_;  // guarded by mutex_; the sequence is the place + 1
};

}  // namespace bl::events
