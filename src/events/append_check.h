#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "events/model.h"

/// The rules of EventLog::append that hold whatever keeps the log; each backend asks them in this
/// order, so that all give the same errors.
namespace bl::events {

/// Count and validate(). Errors: too_large (more than EventLog::k_append_max), those of validate();
/// faults name the event: `/3/partition_event/partition_ref`.
Result<void> check_batch(std::span<const BuildEvent> events, const EventLimits& limits = {});

/// Where each id stands first, ascending; what is not named is a repetition. Errors: conflict (the
/// second of an id has other content).
Result<std::vector<std::size_t>> first_of_each_id(std::span<const BuildEvent> events);

/// The id is there with other content.
Error conflict_of(std::string_view event_id);

/// Newest by total order.
template <class Status>
struct Known {
  Status status = Status::unknown;
  std::int64_t timestamp = 0;  ///< ns
};
/// What a strict log knows of the events that it has; nullopt: none with a status.
struct StrictLookups {
  template <class Status>
  using Lookup = std::function<Result<std::optional<Known<Status>>>(std::string_view id)>;
  Lookup<BuildRequestStatus> build_request;
  Lookup<PartitionStatus> partition;
  Lookup<JobStatus> job_run;
};

/// Strict mode (spec/events-delta.md 1.5.4): is given the events that are new to the log, in their
/// order, those of one batch after another's commit with a fresh one. A status must be one that may
/// follow the newest (by total order) of its build, partition or run; so a late event, too. An
/// invalidation changes no status: what is there to invalidate has come to its end. One thread.
class StrictCheck {
 public:
  explicit StrictCheck(StrictLookups lookups) : lookups_(std::move(lookups)) {}
  /// Errors: conflict (names both statuses and whose they are), those of the lookups.
  Result<void> add(const BuildEvent& event);

 private:
  template <class Status>
  using Newest = std::map<std::string, Known<Status>, std::less<>>;
  template <class Status>
  static Result<void> follow(Newest<Status>& newest, const StrictLookups::Lookup<Status>& lookup,
                             std::string_view id, Known<Status> next, std::string_view whose);

  StrictLookups lookups_;
  Newest<BuildRequestStatus> builds_;  // of this batch
  Newest<PartitionStatus> partitions_;
  Newest<JobStatus> runs_;
};

}  // namespace bl::events
