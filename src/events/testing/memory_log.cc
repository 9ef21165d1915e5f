#include "events/testing/memory_log.h"

#include <algorithm>
#include <map>
#include <set>

#include "events/append_check.h"
#include "events/columns.h"
#include "events/event_filter.h"

namespace bl::events {
namespace {

template <class T>
const T* as(const BuildEvent* event) {
  return std::get_if<T>(&event->payload);
}

template <class T>
Listed<T> page_of(std::vector<T> all, const Paging& paging) {
  Listed<T> page;
  page.total = static_cast<std::int64_t>(all.size());
  for (std::size_t i = paging.offset; i < all.size() && page.items.size() < paging.limit; ++i)
    page.items.push_back(std::move(all[i]));
  return page;
}

bool is_end(JobStatus status) {
  return status == JobStatus::completed || status == JobStatus::failed ||
         status == JobStatus::cancelled;
}

}  // namespace

template <class Matches>
std::vector<const BuildEvent*> MemoryLog::ordered(const Matches& matches) const {
  std::vector<const BuildEvent*> found;
  for (const BuildEvent& event : events_)
    if (matches(event)) found.push_back(&event);
  std::stable_sort(found.begin(), found.end(),
                   [](const auto* a, const auto* b) { return a->timestamp < b->timestamp; });
  return found;
}

template <class Matches>
Events MemoryLog::sliced(const Slice& slice, const Matches& matches) const {
  Events answer;
  for (const BuildEvent* event : ordered(matches)) {
    if (slice.since && event->timestamp <= *slice.since) continue;
    if (answer.events.size() == slice.limit) {
      answer.has_more = true;
      break;
    }
    answer.events.push_back(*event);
  }
  return answer;
}

Result<void> MemoryLog::check_strict(std::span<const BuildEvent> events,
                                     std::span<const std::size_t> added) const {
  // Newest event of one kind and one id.
  const auto newest = [&]<class T>(std::type_identity<T>, const auto& is_it) {
    using Status = decltype(T{}.status);
    const auto found = ordered([&](const BuildEvent& event) {
      const T* payload = as<T>(&event);
      return payload != nullptr && is_it(event, *payload);
    });
    std::optional<Known<Status>> known;
    if (!found.empty()) known = {as<T>(found.back())->status, found.back()->timestamp};
    return Result<std::optional<Known<Status>>>(known);
  };
  StrictCheck check({
      [&](std::string_view id) {
        return newest(std::type_identity<BuildRequestEvent>{},
                      [&](const BuildEvent& event, auto&) { return event.build_request_id == id; });
      },
      [&](std::string_view ref) {
        return newest(
            std::type_identity<PartitionEvent>{},
            [&](auto&, const PartitionEvent& event) { return event.partition_ref == ref; });
      },
      [&](std::string_view run) {
        return newest(std::type_identity<JobEvent>{},
                      [&](auto&, const JobEvent& event) { return event.job_run_id == run; });
      },
  });
  for (const std::size_t i : added) BL_RETURN_IF_ERROR(check.add(events[i]));
  return {};
}

Result<Appended> MemoryLog::append(std::span<const BuildEvent> events) {
  BL_RETURN_IF_ERROR(check_batch(events));
  BL_TRY(std::vector<std::size_t> added, first_of_each_id(events));
  const std::lock_guard lock(mutex_);
  for (const BuildEvent& there : events_)
    for (std::size_t i = 0; i < added.size(); ++i) {
      const BuildEvent& event = events[added[i]];
      if (event.event_id != there.event_id) continue;
      if (event != there) return conflict_of(event.event_id);
      added.erase(added.begin() + static_cast<std::ptrdiff_t>(i));
      break;
    }
  if (options_.is_strict) BL_RETURN_IF_ERROR(check_strict(events, added));
  for (const std::size_t i : added) events_.push_back(events[i]);
  const auto count = static_cast<std::int64_t>(added.size());
  return Appended{count, static_cast<std::int64_t>(events.size()) - count};
}

Result<Events> MemoryLog::build_request_events(std::string_view id, const Slice& slice) {
  const std::lock_guard lock(mutex_);
  return sliced(slice, [&](const BuildEvent& event) { return event.build_request_id == id; });
}

Result<Events> MemoryLog::partition_events(std::string_view ref, const Slice& slice) {
  const std::lock_guard lock(mutex_);
  return sliced(slice, [&](const BuildEvent& event) {
    const auto refs = partitions_of(event);
    return std::find(refs.begin(), refs.end(), ref) != refs.end();
  });
}

Result<Events> MemoryLog::job_run_events(std::string_view run, const Slice& slice) {
  const std::lock_guard lock(mutex_);
  return sliced(slice,
                [&](const BuildEvent& event) { return !run.empty() && job_run_of(event) == run; });
}

Result<Events> MemoryLog::events_in_range(std::int64_t start, std::int64_t end, std::size_t limit) {
  const std::lock_guard lock(mutex_);
  return sliced({.since = {}, .limit = limit}, [&](const BuildEvent& event) {
    return event.timestamp >= start && event.timestamp <= end;
  });
}

Result<std::optional<StoredEvent>> MemoryLog::event(std::string_view id) {
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < events_.size(); ++i)
    if (events_[i].event_id == id)
      return std::optional<StoredEvent>({static_cast<Sequence>(i) + 1, events_[i]});
  return std::optional<StoredEvent>();
}

Result<EventPage> MemoryLog::list(Sequence after, const EventFilter& filter, std::size_t limit) {
  const std::lock_guard lock(mutex_);
  EventPage page;
  const auto newest = static_cast<Sequence>(events_.size());
  page.next = std::max(after, newest);
  for (Sequence at = std::max<Sequence>(after, 0); at < newest; ++at) {
    const BuildEvent& event = events_[static_cast<std::size_t>(at)];
    if (!matches(filter, event)) continue;
    if (page.events.size() == limit) {
      page.has_more = true;
      page.next = page.events.back().sequence;
      break;
    }
    page.events.push_back({at + 1, event});
  }
  return page;
}

Result<std::optional<PartitionState>> MemoryLog::latest_partition_status(std::string_view ref) {
  const std::lock_guard lock(mutex_);
  const auto found = ordered([&](const BuildEvent& event) {
    const auto* partition = as<PartitionEvent>(&event);
    return partition != nullptr && partition->partition_ref == ref;
  });
  std::optional<PartitionState> state;
  if (!found.empty()) state = {as<PartitionEvent>(found.back())->status, found.back()->timestamp};
  return state;
}

Result<std::vector<std::string>> MemoryLog::active_builds_for_partition(std::string_view ref) {
  const std::lock_guard lock(mutex_);
  std::set<std::string> active;
  for (const BuildRequestSummary& build : all_builds())
    if (is_active(build.status)) active.insert(build.build_request_id);
  const auto found = ordered([&](const BuildEvent& event) {
    using enum PartitionStatus;
    const auto* partition = as<PartitionEvent>(&event);
    return partition != nullptr && partition->partition_ref == ref &&
           (partition->status == requested || partition->status == scheduled ||
            partition->status == building);
  });
  std::vector<std::string> builds;
  for (const BuildEvent* event : found)
    if (active.erase(event->build_request_id) > 0) builds.push_back(event->build_request_id);
  return builds;
}

Result<std::optional<std::string>> MemoryLog::build_request_for_available_partition(
    std::string_view ref) {
  const std::lock_guard lock(mutex_);
  const auto found = ordered([&](const BuildEvent& event) {
    const auto* partition = as<PartitionEvent>(&event);
    return partition != nullptr && partition->partition_ref == ref &&
           partition->status == PartitionStatus::available;
  });
  std::optional<std::string> build;
  if (!found.empty()) build = found.back()->build_request_id;
  return build;
}

std::vector<BuildRequestSummary> MemoryLog::all_builds() const {
  std::map<std::string, BuildRequestSummary> builds;
  for (const BuildEvent* event :
       ordered([](const BuildEvent& e) { return as<BuildRequestEvent>(&e); })) {
    const auto& payload = *as<BuildRequestEvent>(event);
    BuildRequestSummary& build = builds[event->build_request_id];
    if (build.build_request_id.empty()) build.created_at = event->timestamp;
    build.build_request_id = event->build_request_id;
    build.status = payload.status;
    build.updated_at = event->timestamp;
    if (!payload.requested_partitions.empty())
      build.requested_partitions = payload.requested_partitions;
  }
  std::vector<BuildRequestSummary> all;
  for (auto& [id, build] : builds) all.push_back(std::move(build));
  std::stable_sort(all.begin(), all.end(),
                   [](const auto& a, const auto& b) { return a.updated_at > b.updated_at; });
  return all;
}

std::vector<PartitionSummary> MemoryLog::all_partitions() const {
  std::map<std::string, PartitionSummary> partitions;
  for (const BuildEvent* event :
       ordered([](const BuildEvent& e) { return as<PartitionEvent>(&e); })) {
    const auto& payload = *as<PartitionEvent>(event);
    partitions[payload.partition_ref] = {payload.partition_ref, payload.status, event->timestamp,
                                         event->build_request_id};
  }
  std::vector<PartitionSummary> all;
  for (auto& [ref, partition] : partitions) all.push_back(std::move(partition));
  std::stable_sort(all.begin(), all.end(),
                   [](const auto& a, const auto& b) { return a.updated_at > b.updated_at; });
  return all;
}

Result<std::optional<BuildRequestSummary>> MemoryLog::build_request(std::string_view id) {
  const std::lock_guard lock(mutex_);
  for (BuildRequestSummary& build : all_builds())
    if (build.build_request_id == id) return std::optional<BuildRequestSummary>(std::move(build));
  return std::optional<BuildRequestSummary>();
}

Result<Listed<BuildRequestSummary>> MemoryLog::list_build_requests(
    const Paging& paging, std::optional<BuildRequestStatus> status) {
  const std::lock_guard lock(mutex_);
  auto all = all_builds();
  if (status) std::erase_if(all, [&](const auto& build) { return build.status != *status; });
  return page_of(std::move(all), paging);
}

Result<Listed<PartitionSummary>> MemoryLog::list_recent_partitions(
    const Paging& paging, std::optional<PartitionStatus> status) {
  const std::lock_guard lock(mutex_);
  auto all = all_partitions();
  if (status) std::erase_if(all, [&](const auto& one) { return one.status != *status; });
  return page_of(std::move(all), paging);
}

JobSummary MemoryLog::job_summary(const std::string& label) const {
  JobSummary job;
  job.job_label = label;
  struct Run {
    const BuildEvent* newest = nullptr;
    const BuildEvent* first_running = nullptr;
  };
  std::map<std::string, Run> runs;
  const auto found = ordered([&](const BuildEvent& event) {
    const auto* payload = as<JobEvent>(&event);
    return payload != nullptr && payload->job_label == label;
  });
  for (const BuildEvent* event : found) {
    Run& run = runs[as<JobEvent>(event)->job_run_id];
    run.newest = event;
    if (as<JobEvent>(event)->status == JobStatus::running && run.first_running == nullptr)
      run.first_running = event;
  }
  std::int64_t targets = 0;
  for (const auto& [id, run] : runs) {
    const JobEvent& newest = *as<JobEvent>(run.newest);
    ++job.total_runs;
    job.successful_runs += newest.status == JobStatus::completed;
    job.failed_runs += newest.status == JobStatus::failed;
    job.cancelled_runs += newest.status == JobStatus::cancelled;
    targets += static_cast<std::int64_t>(newest.target_partitions.size());
    if (!is_end(newest.status) || run.first_running == nullptr) continue;
    ++job.timed_runs;
    job.total_duration += run.newest->timestamp - run.first_running->timestamp;
  }
  job.average_partitions_per_run =
      static_cast<double>(targets) / static_cast<double>(job.total_runs);
  job.last_run_timestamp = found.back()->timestamp;
  job.last_run_status = as<JobEvent>(found.back())->status;
  for (auto at = found.rbegin(); at != found.rend() && job.recent_builds.size() < 5; ++at) {
    auto& recent = job.recent_builds;
    if (std::find(recent.begin(), recent.end(), (*at)->build_request_id) == recent.end())
      recent.push_back((*at)->build_request_id);
  }
  return job;
}

Result<Listed<JobSummary>> MemoryLog::list_jobs(const Paging& paging, std::string_view search) {
  const std::lock_guard lock(mutex_);
  std::set<std::string> labels;
  for (const BuildEvent& event : events_) {
    const auto* job = as<JobEvent>(&event);
    if (job != nullptr && job->job_label.find(search) != std::string::npos)
      labels.insert(job->job_label);
  }
  std::vector<JobSummary> all;
  for (const std::string& label : labels) all.push_back(job_summary(label));
  return page_of(std::move(all), paging);
}

Result<ActivitySummary> MemoryLog::activity() {
  const std::lock_guard lock(mutex_);
  ActivitySummary activity;
  auto builds = all_builds();
  auto partitions = all_partitions();
  for (const auto& build : builds) activity.active_builds_count += is_active(build.status);
  activity.total_partitions_count = static_cast<std::int64_t>(partitions.size());
  activity.recent_builds = page_of(std::move(builds), {.limit = 5}).items;
  activity.recent_partitions = page_of(std::move(partitions), {.limit = 5}).items;
  return activity;
}

Result<lake::Snapshot> MemoryLog::table() {
  const std::lock_guard lock(mutex_);
  lake::CatalogSnapshot none;
  none.schema = event_schema();
  return lake::Snapshot(std::make_shared<const lake::FileSet>(std::move(none)),
                        {batch_of(events_)});
}

Result<LogStatus> MemoryLog::status() {
  const std::lock_guard lock(mutex_);
  LogStatus status;
  status.backend = "memory";
  status.events = status.newest = static_cast<std::int64_t>(events_.size());
  status.schema_version = 1;
  return status;
}

}  // namespace bl::events
