#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "events/model.h"
#include "lake/snapshot.h"

/// The build event log: one interface, whatever keeps it (SQLite, PostgreSQL, a Delta table).
/// Answers are identical everywhere (spec/events-delta.md 1.4-1.5).
namespace bl::events {

/// 1, 2, 3, ...: the order in which events came in. Grows; may have gaps; the same event keeps its
/// number once it is published. Of equal timestamps the smaller sequence stands first: that is the
/// total order.
using Sequence = std::int64_t;

struct StoredEvent {
  Sequence sequence = 0;
  BuildEvent event;
};

struct Appended {
  std::int64_t added = 0;
  std::int64_t repeated = 0;  ///< were there, equal: a retry
};

/// Which events list() wants; empty members bound nothing, those that are there must all hold.
struct EventFilter {
  std::vector<std::string> partition_refs;
  /// Globs over the whole ref: `*` any bytes, `?` one character; `data/users/*`.
  std::vector<std::string> partition_patterns;
  std::vector<std::string> job_labels;
  std::vector<std::string> job_run_ids;
  std::vector<std::string> build_request_ids;
  std::vector<EventType> types;
};

struct EventPage {
  std::vector<StoredEvent> events;  ///< by sequence
  Sequence next = 0;                ///< give it as `after` for what follows
  bool has_more = false;
};

/// Part of what there is. `limit` 1 .. k_events_max.
struct Slice {
  std::optional<std::int64_t> since;  ///< nanoseconds: only later ones (exclusive)
  std::size_t limit = k_events_max;
  static constexpr std::size_t k_events_max = 100'000;
};
/// By total order.
struct Events {
  std::vector<BuildEvent> events;
  bool has_more = false;  ///< behind the last one: ask again since its timestamp
};

struct BuildRequestSummary {
  std::string build_request_id;
  BuildRequestStatus status = BuildRequestStatus::unknown;  ///< newest by total order
  /// Of the newest build_request event that names any; else empty.
  std::vector<PartitionRef> requested_partitions;
  std::int64_t created_at = 0;  ///< ns, of its first build_request event by total order
  std::int64_t updated_at = 0;  ///< ns, of its newest
  bool operator==(const BuildRequestSummary&) const = default;
};
struct PartitionSummary {
  PartitionRef partition_ref;
  PartitionStatus status = PartitionStatus::unknown;  ///< of the newest partition event
  std::int64_t updated_at = 0;                        ///< its ns
  std::string build_request_id;                       ///< its build
  bool operator==(const PartitionSummary&) const = default;
};
/// A run counts once, by its newest job event.
struct JobSummary {
  JobLabel job_label;
  std::int64_t total_runs = 0;
  std::int64_t successful_runs = 0;  ///< completed
  std::int64_t failed_runs = 0;
  std::int64_t cancelled_runs = 0;
  double average_partitions_per_run = 0;  ///< targets of the run's newest event
  std::int64_t last_run_timestamp = 0;    ///< ns, of the newest job event of the label
  JobStatus last_run_status = JobStatus::unknown;
  /// Builds of the newest events of the label, distinct, newest first, at most 5.
  std::vector<std::string> recent_builds;
  /// Of runs that have a running event and ended behind it; 0: none did.
  std::int64_t timed_runs = 0;
  std::int64_t total_duration = 0;  ///< ns, from the first running event to the end, of timed runs
  bool operator==(const JobSummary&) const = default;
};
struct ActivitySummary {
  std::int64_t active_builds_count = 0;
  std::vector<BuildRequestSummary> recent_builds;   ///< newest updated first, at most 5
  std::vector<PartitionSummary> recent_partitions;  ///< as above
  std::int64_t total_partitions_count = 0;          ///< that have a partition event
  bool operator==(const ActivitySummary&) const = default;
};
struct PartitionState {
  PartitionStatus status = PartitionStatus::unknown;
  std::int64_t timestamp = 0;  ///< ns
  bool operator==(const PartitionState&) const = default;
};

/// A page of a list. `total`: of all that match. Beyond the end: no items, the same total.
template <class T>
struct Listed {
  std::vector<T> items;
  std::int64_t total = 0;
};
struct Paging {
  std::size_t limit = 20;  ///< 1 .. 1000
  std::size_t offset = 0;
};

/// What `status()` tells of the log itself.
struct LogStatus {
  std::string backend;  ///< `sqlite`, `postgres`, `delta`
  std::string uri;      ///< without secrets
  std::int64_t events = 0;
  Sequence newest = 0;           ///< of the published ones; 0: none
  std::int64_t unpublished = 0;  ///< Delta: durable here, not in the table yet
  std::int64_t schema_version = 0;
  std::int64_t bytes = 0;               ///< of the files or tables; 0: not known
  std::optional<std::int64_t> version;  ///< of the Delta table
  std::int64_t files = 0;               ///< of the Delta table
};

/// Threads: any. Errors of every method: io, corrupt, disk_full, unavailable, overloaded, timeout,
/// cancelled, and those named. Read-your-writes: what was acknowledged by this object is in every
/// answer; what another process acknowledged is, once it is published (SQL: at once; Delta: after
/// its flush).
class EventLog {
 public:
  virtual ~EventLog() = default;
  EventLog() = default;
  EventLog(const EventLog&) = delete;
  EventLog& operator=(const EventLog&) = delete;

  /// Appends all of them or none; durable on return. An event whose id is there with the same
  /// content is `repeated`; so is its second in the batch. Errors: invalid and too_large
  /// (validate(); faults name the event: `/3/partition_event/partition_ref`; more than
  /// k_append_max), conflict (the id is there with other content, names it; in a strict log: a
  /// status that may not follow, names both), outcome_unknown (append the same again), forbidden
  /// (opened for reading; the table's schema version is newer), unsupported.
  virtual Result<Appended> append(std::span<const BuildEvent> events) = 0;
  static constexpr std::size_t k_append_max = 100'000;

  // -- events, by total order

  virtual Result<Events> build_request_events(std::string_view build_request_id,
                                              const Slice& slice) = 0;
  /// partitions_of(event) has the ref.
  virtual Result<Events> partition_events(std::string_view partition_ref, const Slice& slice) = 0;
  /// job_run_of(event) is the run.
  virtual Result<Events> job_run_events(std::string_view job_run_id, const Slice& slice) = 0;
  /// Both ends included (nanoseconds).
  virtual Result<Events> events_in_range(std::int64_t start, std::int64_t end,
                                         std::size_t limit) = 0;
  virtual Result<std::optional<StoredEvent>> event(std::string_view event_id) = 0;

  /// Published events behind `after` (0: from the first), by sequence. With a filter, `next` moves
  /// over what does not match too. Delta: publishes first what waits here.
  virtual Result<EventPage> list(Sequence after, const EventFilter& filter, std::size_t limit) = 0;

  // -- states

  virtual Result<std::optional<PartitionState>> latest_partition_status(
      std::string_view partition_ref) = 0;
  /// Builds whose newest build_request status is_active() and that have a partition event of the
  /// ref with requested, scheduled or building; by the first such event, distinct.
  virtual Result<std::vector<std::string>> active_builds_for_partition(
      std::string_view partition_ref) = 0;
  /// The build of the newest `available` event of the ref.
  virtual Result<std::optional<std::string>> build_request_for_available_partition(
      std::string_view partition_ref) = 0;
  /// One build; nullopt: it has no build_request event.
  virtual Result<std::optional<BuildRequestSummary>> build_request(
      std::string_view build_request_id) = 0;

  // -- lists. Newest updated first; of equal times the id or ref decides (bytes, ascending).

  virtual Result<Listed<BuildRequestSummary>> list_build_requests(
      const Paging& paging, std::optional<BuildRequestStatus> status) = 0;
  virtual Result<Listed<PartitionSummary>> list_recent_partitions(
      const Paging& paging, std::optional<PartitionStatus> status) = 0;
  /// By label (bytes, ascending). `search`: a part of the label, case counts.
  virtual Result<Listed<JobSummary>> list_jobs(const Paging& paging, std::string_view search) = 0;
  virtual Result<ActivitySummary> activity() = 0;

  /// All events as one table of the engine (columns.h: the nested schema of the Delta table), for
  /// SQL and export. Pinned as long as it lives. Read-your-writes. SQL backends copy what is new
  /// since the last call to files of their own: the first call costs a pass over the log.
  virtual Result<lake::Snapshot> table() = 0;

  virtual Result<LogStatus> status() = 0;
};

}  // namespace bl::events
