#include "events/append_check.h"

#include <unordered_map>

#include <fmt/format.h>

#include "events/log.h"

namespace bl::events {

Result<void> check_batch(std::span<const BuildEvent> events, const EventLimits& limits) {
  if (events.size() > EventLog::k_append_max)
    return Error{Code::too_large, fmt::format("more than {} events at once: {}",
                                              EventLog::k_append_max, events.size())};
  for (std::size_t i = 0; i < events.size(); ++i) {
    auto checked = validate(events[i], limits);
    if (checked.ok()) continue;
    Error error = std::move(checked).error();
    for (Fault& fault : error.faults) fault.path = fmt::format("/{}{}", i, fault.path);
    return std::move(error).with_context(fmt::format("the event {}", i));
  }
  return {};
}

Result<std::vector<std::size_t>> first_of_each_id(std::span<const BuildEvent> events) {
  std::vector<std::size_t> first;
  first.reserve(events.size());
  std::unordered_map<std::string_view, std::size_t> by_id;
  by_id.reserve(events.size());
  for (std::size_t i = 0; i < events.size(); ++i) {
    const auto [at, is_new] = by_id.emplace(events[i].event_id, i);
    if (is_new) {
      first.push_back(i);
    } else if (events[at->second] != events[i]) {
      return conflict_of(events[i].event_id);
    }
  }
  return first;
}

Error conflict_of(std::string_view event_id) {
  return Error{Code::conflict,
               fmt::format("an event of this id is there with other content: {}", event_id)};
}

template <class Status>
Result<void> StrictCheck::follow(Newest<Status>& newest,
                                 const StrictLookups::Lookup<Status>& lookup, std::string_view id,
                                 Known<Status> next, std::string_view whose) {
  auto at = newest.find(id);
  if (at == newest.end()) {
    BL_TRY(const std::optional<Known<Status>> known, lookup(id));
    at = newest.emplace(std::string(id), known.value_or(Known<Status>{})).first;
  }
  Known<Status>& before = at->second;
  if (!may_follow(before.status, next.status)) {
    if (before.status == Status::unknown)
      return Error{Code::conflict, fmt::format("{} may not be the first status of the {}: {}",
                                               name_of(next.status), whose, id)};
    return Error{Code::conflict,
                 fmt::format("{} may not follow {} of the {}: {}", name_of(next.status),
                             name_of(before.status), whose, id)};
  }
  if (next.timestamp >= before.timestamp) before = next;
  return {};
}

Result<void> StrictCheck::add(const BuildEvent& event) {
  if (const auto* build = std::get_if<BuildRequestEvent>(&event.payload))
    return follow(builds_, lookups_.build_request, event.build_request_id,
                  {build->status, event.timestamp}, "build");
  if (const auto* partition = std::get_if<PartitionEvent>(&event.payload))
    return follow(partitions_, lookups_.partition, partition->partition_ref,
                  {partition->status, event.timestamp}, "partition");
  if (const auto* job = std::get_if<JobEvent>(&event.payload))
    return follow(runs_, lookups_.job_run, job->job_run_id, {job->status, event.timestamp},
                  "job run");
  return {};
}

}  // namespace bl::events
