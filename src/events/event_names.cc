#include <array>
#include <span>

#include "events/model.h"

namespace bl::events {
namespace {

struct Name {
  std::int32_t code;
  std::string_view text;
};
constexpr std::string_view k_build_request_prefix = "BUILD_REQUEST_";
constexpr std::array<Name, 8> k_build_request_names{{{0, "BUILD_REQUEST_UNKNOWN"},
                                                     {1, "BUILD_REQUEST_RECEIVED"},
                                                     {2, "BUILD_REQUEST_PLANNING"},
                                                     {3, "BUILD_REQUEST_EXECUTING"},
                                                     {4, "BUILD_REQUEST_COMPLETED"},
                                                     {5, "BUILD_REQUEST_FAILED"},
                                                     {6, "BUILD_REQUEST_CANCELLED"},
                                                     {7, "BUILD_REQUEST_ANALYSIS_COMPLETED"}}};
constexpr std::string_view k_partition_prefix = "PARTITION_";
constexpr std::array<Name, 7> k_partition_names{{{0, "PARTITION_UNKNOWN"},
                                                 {1, "PARTITION_REQUESTED"},
                                                 {2, "PARTITION_SCHEDULED"},
                                                 {3, "PARTITION_BUILDING"},
                                                 {4, "PARTITION_AVAILABLE"},
                                                 {5, "PARTITION_FAILED"},
                                                 {6, "PARTITION_DELEGATED"}}};
constexpr std::string_view k_job_prefix = "JOB_";
constexpr std::array<Name, 7> k_job_names{{{0, "JOB_UNKNOWN"},
                                           {1, "JOB_SCHEDULED"},
                                           {2, "JOB_RUNNING"},
                                           {3, "JOB_COMPLETED"},
                                           {4, "JOB_FAILED"},
                                           {5, "JOB_CANCELLED"},
                                           {6, "JOB_SKIPPED"}}};
constexpr std::array<Name, 2> k_dep_names{{{0, "query"}, {1, "materialize"}}};
// In the order of EventType.
constexpr std::array<std::string_view, k_event_types> k_type_names{
    "build_request",          "partition",   "job",         "delegation", "job_graph",
    "partition_invalidation", "task_cancel", "build_cancel"};

std::string_view text_of(std::span<const Name> names, std::int32_t code) {
  for (const Name& name : names)
    if (name.code == code) return name.text;
  return {};
}

bool equal_in_any_case(std::string_view a, std::string_view upper) {
  if (a.size() != upper.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const char c = a[i] >= 'a' && a[i] <= 'z' ? static_cast<char>(a[i] - 'a' + 'A') : a[i];
    if (c != upper[i]) return false;
  }
  return true;
}

template <class Status>
std::optional<Status> status_named(std::span<const Name> names, std::string_view prefix,
                                   std::string_view wanted) {
  for (const Name& name : names)
    if (equal_in_any_case(wanted, name.text) ||
        equal_in_any_case(wanted, name.text.substr(prefix.size())))
      return static_cast<Status>(name.code);
  return std::nullopt;
}

}  // namespace

std::string_view name_of(BuildRequestStatus status) {
  return text_of(k_build_request_names, static_cast<std::int32_t>(status));
}
std::string_view name_of(PartitionStatus status) {
  return text_of(k_partition_names, static_cast<std::int32_t>(status));
}
std::string_view name_of(JobStatus status) {
  return text_of(k_job_names, static_cast<std::int32_t>(status));
}
std::string_view name_of(DepType type) {
  return text_of(k_dep_names, static_cast<std::int32_t>(type));
}

std::optional<BuildRequestStatus> build_request_status_named(std::string_view name) {
  return status_named<BuildRequestStatus>(k_build_request_names, k_build_request_prefix, name);
}
std::optional<PartitionStatus> partition_status_named(std::string_view name) {
  return status_named<PartitionStatus>(k_partition_names, k_partition_prefix, name);
}
std::optional<JobStatus> job_status_named(std::string_view name) {
  return status_named<JobStatus>(k_job_names, k_job_prefix, name);
}

std::string_view name_of(EventType type) {
  return k_type_names[static_cast<std::size_t>(type)];
}
std::optional<EventType> event_type_named(std::string_view name) {
  for (std::size_t i = 0; i < k_event_types; ++i)
    if (k_type_names[i] == name) return static_cast<EventType>(i);
  return std::nullopt;
}

}  // namespace bl::events
