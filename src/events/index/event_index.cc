#include "events/event_index.h"

#include "events/index/index_impl.h"

namespace bl::events {

EventIndex::Impl::Impl(Disk& disk, std::string folder, Metrics& metrics, const IndexLimits& limits)
    : disk_(disk),
      limits_(limits),
      folder_(disk, folder),
      folder_path_(std::move(folder)),
      rebuilds_(metrics.counter("bl_event_index_rebuilds_total",
                                "indexes of event logs that were damaged, and begun anew")),
      segments_(metrics.counter("bl_event_index_segments_total",
                                "segments that indexes of event logs have written")),
      merges_(metrics.counter("bl_event_index_merges_total",
                              "merges of segments of indexes of event logs")),
      failures_(metrics.counter("bl_event_index_failures_total",
                                "segments and merges that could not be written")),
      memory_(metrics.gauge("bl_event_index_memory_bytes",
                            "bytes that the index of the event log has in memory")) {}

EventIndex::Impl::~Impl() {
  {
    const std::lock_guard lock(work_mutex_);
    is_stopping_ = true;
    work_changed_.notify_all();
  }
  if (writer_.joinable()) writer_.join();
}

Result<void> EventIndex::Impl::open(const std::string& table_id) {
  BL_RETURN_IF_ERROR(disk_.make_folder(folder_path_));
  table_id_ = table_id;
  auto loaded = folder_.load();
  if (loaded.ok() && (*loaded)->owner.table_id == table_id) {
    state_ = std::move(loaded).value();
    Result<void> fits = {};
    for (const auto& keys : state_->keys)
      if (fits.ok()) fits = load_entities(*keys, entities_);
    if (fits.ok() && !index::are_sound(entities_, state_->owner.events))
      fits = Error{Code::corrupt, "the index' entities are unsound"};
    if (!fits.ok()) loaded = fits.error();
  }
  if (!loaded.ok() && loaded.error().code != Code::not_found) {
    if (loaded.error().code != Code::corrupt) return loaded.error();
    rebuilds_.add();
  }
  if (!loaded.ok() || !state_) {
    BL_RETURN_IF_ERROR(folder_.clear());
    state_ = std::make_shared<DiskState>(DiskState{{table_id, 0, 0}, {}, {}});
    entities_ = {};
  }
  is_damaged_ = state_->rows.is_damaged();
  for (const auto& keys : state_->keys) keys->release();
  entities_.loaded();
  settled_ = state_->owner;
  active_ = std::make_unique<MemoryPart>(settled_.events);
  writer_ = std::thread([this] { run_writer(); });
  return {};
}

std::optional<IndexOwner> EventIndex::Impl::owner() const {
  const auto lock = lock_shared();
  if (state_->owner.events == 0 && state_->owner.version == 0) return std::nullopt;
  return state_->owner;
}

std::int64_t EventIndex::Impl::events() const {
  const auto lock = lock_shared();
  return active_->end();
}

std::uint64_t EventIndex::Impl::memory_bytes() const {
  const auto lock = lock_shared();
  std::uint64_t bytes = entities_.memory_bytes() + active_->memory_bytes();
  for (const auto& part : frozen_) bytes += part->memory_bytes();
  return bytes;
}

std::function<Result<void>()> EventIndex::Impl::check() const {
  const auto lock = lock_shared();
  return [state = state_]() -> Result<void> {
    Result<void> sound;
    for (const auto& file : state->keys)
      if (sound.ok()) sound = file->check();
    for (const auto& file : state->rows.files)
      if (sound.ok()) sound = file->check();
    if (!sound.ok()) state->rows.found_damage();
    return sound;
  };
}

// -- the interface

EventIndex::EventIndex(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
EventIndex::~EventIndex() = default;

Result<std::unique_ptr<EventIndex>> EventIndex::open(Disk& disk, const std::string& folder,
                                                     const std::string& table_id, Metrics& metrics,
                                                     const IndexLimits& limits) {
  auto impl = std::make_unique<Impl>(disk, folder, metrics, limits);
  BL_RETURN_IF_ERROR(impl->open(table_id));
  return std::unique_ptr<EventIndex>(new EventIndex(std::move(impl)));
}

std::optional<IndexOwner> EventIndex::owner() const {
  return impl_->owner();
}
std::int64_t EventIndex::events() const {
  return impl_->events();
}
Result<void> EventIndex::add(std::span<const BuildEvent> events) {
  return impl_->add(events);
}
Result<void> EventIndex::truncate_to(std::int64_t events) {
  return impl_->truncate_to(events);
}
Result<void> EventIndex::settle(const IndexOwner& owner) {
  return impl_->settle(owner);
}
Result<void> EventIndex::save() {
  return impl_->save();
}

std::optional<std::int64_t> EventIndex::place_of(std::string_view event_id) const {
  return impl_->place_of(event_id);
}
Result<BuildEvent> EventIndex::event_at(std::int64_t place) const {
  return impl_->event_at(place);
}
Result<Events> EventIndex::build_request_events(std::string_view build_request_id,
                                                const Slice& slice) const {
  return impl_->events_of(Kind::build, build_request_id, slice);
}
Result<Events> EventIndex::partition_events(std::string_view partition_ref,
                                            const Slice& slice) const {
  return impl_->events_of(Kind::partition, partition_ref, slice);
}
Result<Events> EventIndex::job_run_events(std::string_view job_run_id, const Slice& slice) const {
  return impl_->events_of(Kind::run, job_run_id, slice);
}
Result<Events> EventIndex::events_in_range(std::int64_t start, std::int64_t end,
                                           std::size_t limit) const {
  return impl_->events_in_range(start, end, limit);
}
Result<EventPage> EventIndex::list(Sequence after, std::int64_t end, const EventFilter& filter,
                                   std::size_t limit) const {
  return impl_->list(after, end, filter, limit);
}
std::optional<PartitionState> EventIndex::latest_partition_status(
    std::string_view partition_ref) const {
  return impl_->latest_partition_status(partition_ref);
}
std::vector<std::string> EventIndex::active_builds_for_partition(
    std::string_view partition_ref) const {
  return impl_->active_builds_for_partition(partition_ref);
}
std::optional<std::string> EventIndex::build_request_for_available_partition(
    std::string_view partition_ref) const {
  return impl_->build_for_available_partition(partition_ref);
}
Result<std::optional<BuildRequestSummary>> EventIndex::build_request(std::string_view id) const {
  return impl_->build_request(id);
}
Result<Listed<BuildRequestSummary>> EventIndex::list_build_requests(
    const Paging& paging, std::optional<BuildRequestStatus> status) const {
  return impl_->list_build_requests(paging, status);
}
Listed<PartitionSummary> EventIndex::list_recent_partitions(
    const Paging& paging, std::optional<PartitionStatus> status) const {
  return impl_->list_recent_partitions(paging, status);
}
Listed<JobSummary> EventIndex::list_jobs(const Paging& paging, std::string_view search) const {
  return impl_->list_jobs(paging, search);
}
Result<ActivitySummary> EventIndex::activity() const {
  return impl_->activity();
}
std::optional<Known<JobStatus>> EventIndex::job_status(std::string_view job_run_id) const {
  return impl_->job_status(job_run_id);
}
std::optional<Known<BuildRequestStatus>> EventIndex::build_status(
    std::string_view build_request_id) const {
  return impl_->build_status(build_request_id);
}
std::uint64_t EventIndex::memory_bytes() const {
  return impl_->memory_bytes();
}
bool EventIndex::is_damaged() const {
  return impl_->is_damaged();
}
std::function<Result<void>()> EventIndex::check() const {
  return impl_->check();
}

}  // namespace bl::events
