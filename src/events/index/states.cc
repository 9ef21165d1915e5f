#include <algorithm>

#include "events/index/index_impl.h"

// Questions about builds, partitions and jobs, answered from what is known of them.
namespace bl::events {

using index::BuildState;
using index::LabelState;
using index::PartitionRefState;
using index::RunState;

namespace {

std::string compacted(std::string_view text) {
  std::string out;
  index::compact(text, out);
  return out;
}

template <class Status>
std::optional<std::uint8_t> code_of(std::optional<Status> status) {
  if (!status) return std::nullopt;
  return static_cast<std::uint8_t>(*status);
}

bool is_known(std::optional<std::uint8_t> status) {
  return !status || *status < index::Recency::k_statuses;
}

}  // namespace

std::optional<PartitionState> EventIndex::Impl::latest_partition_status(
    std::string_view ref) const {
  const auto lock = lock_shared();
  const auto code = entities_.find(Kind::partition, ref);
  if (!code) return std::nullopt;
  const PartitionRefState& state = entities_.partitions.states[*code];
  if (!state.newest.is_set()) return std::nullopt;
  return PartitionState{static_cast<PartitionStatus>(state.status), state.newest.timestamp};
}

std::optional<std::string> EventIndex::Impl::build_for_available_partition(
    std::string_view ref) const {
  const auto lock = lock_shared();
  const auto code = entities_.find(Kind::partition, ref);
  if (!code) return std::nullopt;
  const PartitionRefState& state = entities_.partitions.states[*code];
  if (!state.available.is_set()) return std::nullopt;
  return index::expand(entities_.builds.texts.text(state.available_build));
}

std::optional<Known<JobStatus>> EventIndex::Impl::job_status(std::string_view run) const {
  const auto lock = lock_shared();
  const auto code = entities_.find(Kind::run, compacted(run));
  if (!code) return std::nullopt;
  const RunState& state = entities_.runs.states[*code];
  if (!state.newest.is_set()) return std::nullopt;
  return Known<JobStatus>{static_cast<JobStatus>(state.status), state.newest.timestamp};
}

std::optional<Known<BuildRequestStatus>> EventIndex::Impl::build_status(
    std::string_view build) const {
  const auto lock = lock_shared();
  const auto code = entities_.find(Kind::build, compacted(build));
  if (!code) return std::nullopt;
  const BuildState& state = entities_.builds.states[*code];
  if (!state.updated.is_set()) return std::nullopt;
  return Known<BuildRequestStatus>{static_cast<BuildRequestStatus>(state.status),
                                   state.updated.timestamp};
}

// What a build requested stands in the row of one of its events: its place goes to `named`.
BuildRequestSummary EventIndex::Impl::summary_of(std::uint32_t build, View& view,
                                                 std::vector<std::int64_t>& named) const {
  const BuildState& state = entities_.builds.states[build];
  BuildRequestSummary summary;
  summary.build_request_id = index::expand(entities_.builds.texts.text(build));
  summary.status = static_cast<BuildRequestStatus>(state.status);
  summary.created_at = state.created.timestamp;
  summary.updated_at = state.updated.timestamp;
  named.push_back(state.named.place);
  if (state.named.place >= active_->first()) view.active.push_back(active_->row(state.named.place));
  return summary;
}

Result<void> EventIndex::Impl::fill_requested(std::vector<BuildRequestSummary>& builds,
                                              const View& view,
                                              const std::vector<std::int64_t>& named) const {
  std::vector<std::int64_t> places;
  for (const std::int64_t place : named)
    if (place >= 0) places.push_back(place);
  View sorted = view;
  std::sort(sorted.active.begin(), sorted.active.end(),
            [](const StoredRow& a, const StoredRow& b) { return a.place < b.place; });
  BL_TRY(std::vector<BuildEvent> events, decode(sorted, places));
  auto next = events.begin();
  for (std::size_t i = 0; i < builds.size(); ++i) {
    if (named[i] < 0) continue;
    auto* request = std::get_if<BuildRequestEvent>(&(next++)->payload);
    if (request == nullptr)
      return damaged(Error{Code::corrupt, "the index has no build request at the place " +
                                              std::to_string(named[i])});
    builds[i].requested_partitions = std::move(request->requested_partitions);
  }
  return {};
}

Result<std::optional<BuildRequestSummary>> EventIndex::Impl::build_request(
    std::string_view id) const {
  std::vector<BuildRequestSummary> found;
  std::vector<std::int64_t> named;
  View view;
  {
    const auto lock = lock_shared();
    const auto code = entities_.find(Kind::build, compacted(id));
    if (!code || !entities_.builds.states[*code].updated.is_set())
      return std::optional<BuildRequestSummary>();
    view = this->view();
    found.push_back(summary_of(*code, view, named));
  }
  BL_RETURN_IF_ERROR(fill_requested(found, view, named));
  return std::optional<BuildRequestSummary>(std::move(found.front()));
}

Result<Listed<BuildRequestSummary>> EventIndex::Impl::list_build_requests(
    const Paging& paging, std::optional<BuildRequestStatus> status) const {
  Listed<BuildRequestSummary> page;
  std::vector<std::int64_t> named;
  View view;
  const auto code = code_of(status);
  if (!is_known(code)) return page;
  {
    const auto lock = lock_shared();
    view = this->view();
    const auto& times = entities_.build_times();
    page.total = code ? times.count(*code) : times.count();
    for (const std::uint32_t build : entities_.builds_page(code, paging.offset, paging.limit))
      page.items.push_back(summary_of(build, view, named));
  }
  BL_RETURN_IF_ERROR(fill_requested(page.items, view, named));
  return page;
}

PartitionSummary EventIndex::Impl::partition_summary(std::uint32_t ref) const {
  const PartitionRefState& state = entities_.partitions.states[ref];
  return {std::string(entities_.partitions.texts.text(ref)),
          static_cast<PartitionStatus>(state.status), state.newest.timestamp,
          index::expand(entities_.builds.texts.text(state.newest_build))};
}

Listed<PartitionSummary> EventIndex::Impl::partitions_page(
    const Paging& paging, std::optional<PartitionStatus> status) const {
  Listed<PartitionSummary> page;
  const auto code = code_of(status);
  if (!is_known(code)) return page;
  const auto& times = entities_.partition_times();
  page.total = code ? times.count(*code) : times.count();
  for (const std::uint32_t ref : entities_.partitions_page(code, paging.offset, paging.limit))
    page.items.push_back(partition_summary(ref));
  return page;
}

Listed<PartitionSummary> EventIndex::Impl::list_recent_partitions(
    const Paging& paging, std::optional<PartitionStatus> status) const {
  const auto lock = lock_shared();
  return partitions_page(paging, status);
}

JobSummary EventIndex::Impl::job_summary(std::uint32_t label) const {
  const LabelState& state = entities_.labels.states[label];
  JobSummary job;
  job.job_label = std::string(entities_.labels.texts.text(label));
  job.total_runs = state.runs;
  job.successful_runs = state.completed;
  job.failed_runs = state.failed;
  job.cancelled_runs = state.cancelled;
  if (state.runs != 0)
    job.average_partitions_per_run =
        static_cast<double>(state.targets) / static_cast<double>(state.runs);
  job.last_run_timestamp = state.newest.timestamp;
  job.last_run_status = static_cast<JobStatus>(state.status);
  job.timed_runs = state.timed;
  job.total_duration = state.duration;
  for (const LabelState::Recent& recent : state.recent)
    if (recent.newest.is_set())
      job.recent_builds.push_back(index::expand(entities_.builds.texts.text(recent.build)));
  return job;
}

Listed<JobSummary> EventIndex::Impl::list_jobs(const Paging& paging,
                                               std::string_view search) const {
  Listed<JobSummary> page;
  const auto lock = lock_shared();
  for (const std::uint32_t label : entities_.labels_sorted()) {
    if (entities_.labels.texts.text(label).find(search) == std::string_view::npos) continue;
    const auto at = static_cast<std::size_t>(page.total++);
    if (at >= paging.offset && page.items.size() < paging.limit)
      page.items.push_back(job_summary(label));
  }
  return page;
}

Result<ActivitySummary> EventIndex::Impl::activity() const {
  ActivitySummary activity;
  std::vector<std::int64_t> named;
  View view;
  const Paging recent{.limit = 5};
  {
    const auto lock = lock_shared();
    view = this->view();
    const auto& times = entities_.build_times();
    for (std::uint8_t status = 0; status < index::Recency::k_statuses; ++status)
      if (is_active(static_cast<BuildRequestStatus>(status)))
        activity.active_builds_count += times.count(status);
    for (const std::uint32_t build : entities_.builds_page(std::nullopt, 0, recent.limit))
      activity.recent_builds.push_back(summary_of(build, view, named));
    activity.recent_partitions = partitions_page(recent, std::nullopt).items;
    activity.total_partitions_count = entities_.partition_times().count();
  }
  BL_RETURN_IF_ERROR(fill_requested(activity.recent_builds, view, named));
  return activity;
}

}  // namespace bl::events
