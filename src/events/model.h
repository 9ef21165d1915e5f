#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"

/// What a build system tells of itself (spec/events-delta.md 1.2-1.3): events that are appended and
/// never changed. Values and their rules; no I/O.
namespace bl::events {

/// Codes are those of the contract; logic goes by them, never by the names.
enum class BuildRequestStatus : std::int32_t {
  unknown = 0,
  received = 1,
  planning = 2,
  executing = 3,
  completed = 4,
  failed = 5,
  cancelled = 6,
  analysis_completed = 7,  ///< between planning and executing
};
enum class PartitionStatus : std::int32_t {
  unknown = 0,
  requested = 1,
  scheduled = 2,
  building = 3,
  available = 4,
  failed = 5,
  delegated = 6,
};
enum class JobStatus : std::int32_t {
  unknown = 0,
  scheduled = 1,
  running = 2,
  completed = 3,
  failed = 4,
  cancelled = 5,
  skipped = 6,
};
enum class DepType : std::int32_t { query = 0, materialize = 1 };

/// The contract's constants: `BUILD_REQUEST_RECEIVED`, `PARTITION_AVAILABLE`, `JOB_RUNNING`;
/// `query`, `materialize`. Of codes that are not known: empty.
std::string_view name_of(BuildRequestStatus status);
std::string_view name_of(PartitionStatus status);
std::string_view name_of(JobStatus status);
std::string_view name_of(DepType type);
/// By the constant (`PARTITION_AVAILABLE`) or its short form (`available`), in any case.
std::optional<BuildRequestStatus> build_request_status_named(std::string_view name);
std::optional<PartitionStatus> partition_status_named(std::string_view name);
std::optional<JobStatus> job_status_named(std::string_view name);

using PartitionRef = std::string;  ///< `data/users/2024-01-01`; not empty
using JobLabel = std::string;      ///< `//jobs:ingest`

struct DataDep {
  DepType type = DepType::query;
  std::string type_name;  ///< `query`, `materialize`
  PartitionRef partition_ref;
  bool operator==(const DataDep&) const = default;
};
struct JobConfig {
  std::vector<PartitionRef> outputs;
  std::vector<DataDep> inputs;
  std::vector<std::string> args;
  std::map<std::string, std::string> env;
  bool operator==(const JobConfig&) const = default;
};
struct Task {
  JobLabel job;
  JobConfig config;
  bool operator==(const Task&) const = default;
};
struct PartitionManifest {
  std::vector<PartitionRef> outputs;
  std::vector<PartitionManifest> inputs;
  std::int64_t start_time = 0;  ///< seconds since 1970
  std::int64_t end_time = 0;
  std::optional<Task> task;
  std::map<std::string, std::string> metadata;
  bool operator==(const PartitionManifest&) const = default;
};
struct JobGraph {
  std::string label;
  std::vector<PartitionRef> outputs;
  std::vector<Task> nodes;
  bool operator==(const JobGraph&) const = default;
};

struct BuildRequestEvent {
  BuildRequestStatus status = BuildRequestStatus::unknown;
  std::vector<PartitionRef> requested_partitions;
  std::string message;
  bool operator==(const BuildRequestEvent&) const = default;
};
struct PartitionEvent {
  PartitionRef partition_ref;
  PartitionStatus status = PartitionStatus::unknown;
  std::string message;
  std::string job_run_id;  ///< empty: none
  bool operator==(const PartitionEvent&) const = default;
};
struct JobEvent {
  std::string job_run_id;
  JobLabel job_label;
  std::vector<PartitionRef> target_partitions;
  JobStatus status = JobStatus::unknown;
  std::string message;
  std::optional<JobConfig> config;
  std::vector<PartitionManifest> manifests;
  bool operator==(const JobEvent&) const = default;
};
struct DelegationEvent {
  PartitionRef partition_ref;
  std::string delegated_to_build_request_id;
  std::string message;
  bool operator==(const DelegationEvent&) const = default;
};
struct JobGraphEvent {
  JobGraph job_graph;
  std::string message;
  bool operator==(const JobGraphEvent&) const = default;
};
struct PartitionInvalidationEvent {
  PartitionRef partition_ref;
  std::string reason;
  bool operator==(const PartitionInvalidationEvent&) const = default;
};
struct TaskCancelEvent {
  std::string job_run_id;
  std::string reason;
  bool operator==(const TaskCancelEvent&) const = default;
};
struct BuildCancelEvent {
  std::string reason;
  bool operator==(const BuildCancelEvent&) const = default;
};

/// In the order of EventType.
using Payload =
    std::variant<BuildRequestEvent, PartitionEvent, JobEvent, DelegationEvent, JobGraphEvent,
                 PartitionInvalidationEvent, TaskCancelEvent, BuildCancelEvent>;
enum class EventType : std::uint8_t {
  build_request,
  partition,
  job,
  delegation,
  job_graph,
  partition_invalidation,
  task_cancel,
  build_cancel,
};
inline constexpr std::size_t k_event_types = 8;
/// `build_request`, ..., as the column `event_type` has them.
std::string_view name_of(EventType type);
std::optional<EventType> event_type_named(std::string_view name);

struct BuildEvent {
  std::string event_id;          ///< UUID, 36 characters, lower case
  std::int64_t timestamp = 0;    ///< nanoseconds since 1970
  std::string build_request_id;  ///< UUID, as event_id
  Payload payload;
  EventType type() const { return static_cast<EventType>(payload.index()); }
  bool operator==(const BuildEvent&) const = default;
};

struct EventLimits {
  std::size_t event_bytes_max = 16u << 20;  ///< of one event's protobuf
  std::size_t manifest_depth_max = 32;      ///< manifests within manifests
  std::size_t text_bytes_max = 1u << 20;    ///< of a ref, a label, an id; messages: event_bytes_max
};

/// 8-4-4-4-12 lower-case hex digits.
bool is_uuid(std::string_view text);

/// The rules of an event that may be appended: ids are UUIDs, the timestamp is positive, refs and
/// ids that the type needs are not empty, the status is a known one and not unknown, texts are
/// UTF-8 without NUL, sizes are within limits. Errors: invalid, too_large; with faults that name
/// each member: `/partition_event/status_code`.
Result<void> validate(const BuildEvent& event, const EventLimits& limits = {});

/// Whether a status may follow another in a log that is strict (spec 1.5.4); `from` unknown: the
/// first one. The same again is allowed. Build request: received -> planning -> analysis_completed
/// -> executing -> completed; failed and cancelled from any that is not an end. Partition:
/// requested -> scheduled -> building -> available or failed; delegated from any that is not an
/// end; after an end requested or scheduled again (an invalidation changes no status). Job:
/// scheduled -> running -> completed, failed or cancelled; skipped first. Steps between may be left
/// out where the contract has them optional (planning, analysis_completed, requested).
bool may_follow(BuildRequestStatus from, BuildRequestStatus to);
bool may_follow(PartitionStatus from, PartitionStatus to);
bool may_follow(JobStatus from, JobStatus to);
/// received, planning, analysis_completed, executing.
bool is_active(BuildRequestStatus status);

/// The partitions that an event names in get_partition_events' sense: of a partition, delegation or
/// invalidation event its ref, of a build request the requested, of a job the targets. Distinct.
std::vector<std::string_view> partitions_of(const BuildEvent& event);
/// The job run that an event belongs to: of job, task_cancel, and partition events that have one;
/// empty: none.
std::string_view job_run_of(const BuildEvent& event);

}  // namespace bl::events
