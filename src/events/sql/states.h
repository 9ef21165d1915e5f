#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "events/log.h"

/// What the tables `*_states` keep of an entity, and how an event changes it. Pure. Events come in
/// any order of time: whatever order they are folded in, the outcome is the same. (Moments tell two
/// events apart, because a sequence is given once.)
namespace bl::events {

/// A place in the total order.
struct Moment {
  std::int64_t at = 0;
  Sequence sequence = 0;
  auto operator<=>(const Moment&) const = default;
};

/// Of a build that has a build_request event.
struct BuildState {
  BuildRequestStatus status = BuildRequestStatus::unknown;
  std::string requested_json = "[]";  ///< refs, of the newest event that names any
  std::optional<Moment> requested;
  Moment created, updated;
};
void fold(std::optional<BuildState>& state, const BuildRequestEvent& event, Moment moment);

/// Of a partition that has a partition event.
struct PartitionStateRow {
  PartitionStatus status = PartitionStatus::unknown;
  std::string build_request_id;
  Moment updated;
  std::optional<Moment> available;  ///< the newest event that says so
  std::string available_build;
};
void fold(std::optional<PartitionStateRow>& state, const PartitionEvent& event,
          std::string_view build_request_id, Moment moment);

/// Of a run that has a job event, under one label. (A run has one; the contract says it nowhere.)
struct RunState {
  JobStatus status = JobStatus::unknown;
  std::int64_t targets = 0;
  Moment updated;
  std::optional<Moment> running;  ///< the first event that says so
};
void fold(std::optional<RunState>& state, const JobEvent& event, Moment moment);

/// Of a label that a job event names.
struct LabelState {
  struct Build {
    std::string id;
    Moment moment;
  };
  std::int64_t runs = 0, successful = 0, failed = 0, cancelled = 0;
  std::int64_t targets = 0;
  std::int64_t timed = 0, duration = 0;
  Moment last;
  JobStatus last_status = JobStatus::unknown;
  std::vector<Build> recent;  ///< newest first
};
inline constexpr std::size_t k_recent_builds = 5;
void fold(LabelState& state, const JobEvent& event, std::string_view build_request_id,
          Moment moment);
/// Adds what the run counts for its label; `sign` -1 takes it away.
void count(LabelState& state, const RunState& run, int sign);

/// `[["build", at, sequence], ...]`
std::string recent_json(const std::vector<LabelState::Build>& recent);
Result<std::vector<LabelState::Build>> recent_of_json(std::string_view json);

}  // namespace bl::events
