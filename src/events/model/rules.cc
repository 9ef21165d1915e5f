#include <algorithm>

#include "events/model.h"

namespace bl::events {
namespace {

void add_distinct(std::vector<std::string_view>& to, const std::vector<PartitionRef>& refs) {
  // Lists of targets are short; a long one is sorted once.
  constexpr std::size_t k_short = 16;
  if (refs.size() <= k_short) {
    for (const PartitionRef& ref : refs)
      if (std::find(to.begin(), to.end(), ref) == to.end()) to.push_back(ref);
    return;
  }
  std::vector<std::size_t> order(refs.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return refs[a] < refs[b]; });
  order.erase(std::unique(order.begin(), order.end(),
                          [&](std::size_t a, std::size_t b) { return refs[a] == refs[b]; }),
              order.end());
  std::sort(order.begin(), order.end());
  for (const std::size_t i : order) to.push_back(refs[i]);
}

}  // namespace

bool is_uuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
    const bool is_digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
    if (is_dash ? c != '-' : !is_digit) return false;
  }
  return true;
}

bool is_active(BuildRequestStatus status) {
  using enum BuildRequestStatus;
  return status == received || status == planning || status == executing ||
         status == analysis_completed;
}

bool may_follow(BuildRequestStatus from, BuildRequestStatus to) {
  using enum BuildRequestStatus;
  if (from == unknown) return to == received;
  if (from == to) return true;
  if (!is_active(from)) return false;
  switch (to) {
    case planning:
      return from == received;
    case analysis_completed:
      return from == received || from == planning;
    case executing:
      return true;
    case completed:
      return from == executing;
    case failed:
    case cancelled:
      return true;
    default:
      return false;
  }
}

bool may_follow(PartitionStatus from, PartitionStatus to) {
  using enum PartitionStatus;
  if (from == to) return to != unknown;
  const bool is_open = from == requested || from == scheduled || from == building;
  switch (to) {
    case requested:
      return !is_open;
    case scheduled:
      return !is_open || from == requested;
    case building:
      return from == scheduled;
    case available:
    case failed:
      return from == building;
    case delegated:
      return is_open || from == unknown;
    default:
      return false;
  }
}

bool may_follow(JobStatus from, JobStatus to) {
  using enum JobStatus;
  if (from == to) return to != unknown;
  switch (to) {
    case scheduled:
    case skipped:
      return from == unknown;
    case running:
      return from == scheduled;
    case completed:
    case failed:
    case cancelled:
      return from == running;
    default:
      return false;
  }
}

std::vector<std::string_view> partitions_of(const BuildEvent& event) {
  std::vector<std::string_view> refs;
  if (const auto* partition = std::get_if<PartitionEvent>(&event.payload)) {
    refs.push_back(partition->partition_ref);
  } else if (const auto* job = std::get_if<JobEvent>(&event.payload)) {
    add_distinct(refs, job->target_partitions);
  } else if (const auto* build = std::get_if<BuildRequestEvent>(&event.payload)) {
    add_distinct(refs, build->requested_partitions);
  } else if (const auto* delegation = std::get_if<DelegationEvent>(&event.payload)) {
    refs.push_back(delegation->partition_ref);
  } else if (const auto* gone = std::get_if<PartitionInvalidationEvent>(&event.payload)) {
    refs.push_back(gone->partition_ref);
  }
  return refs;
}

std::string_view job_run_of(const BuildEvent& event) {
  if (const auto* partition = std::get_if<PartitionEvent>(&event.payload))
    return partition->job_run_id;
  if (const auto* job = std::get_if<JobEvent>(&event.payload)) return job->job_run_id;
  if (const auto* cancel = std::get_if<TaskCancelEvent>(&event.payload)) return cancel->job_run_id;
  return {};
}

}  // namespace bl::events
