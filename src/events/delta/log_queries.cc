// What is asked: the index has it all.
#include <algorithm>
#include <mutex>
#include <shared_mutex>

#include "events/delta/delta_event_log.h"

namespace bl::events::delta {

template <class Question>
auto DeltaEventLog::ask(const Question& question) -> decltype(question()) {
  BL_RETURN_IF_ERROR(refresh_if_due());
  {
    const std::shared_lock reading(gate_);
    if (is_index_sound()) {
      auto answer = question();
      if (is_index_sound()) return answer;
    }
  }
  BL_RETURN_IF_ERROR(mend());
  const std::shared_lock reading(gate_);
  if (index_error_) return *index_error_;
  return question();
}

Result<Events> DeltaEventLog::build_request_events(std::string_view id, const Slice& slice) {
  return ask([&] { return index_->build_request_events(id, slice); });
}

Result<Events> DeltaEventLog::partition_events(std::string_view ref, const Slice& slice) {
  return ask([&] { return index_->partition_events(ref, slice); });
}

Result<Events> DeltaEventLog::job_run_events(std::string_view id, const Slice& slice) {
  return ask([&] { return index_->job_run_events(id, slice); });
}

Result<Events> DeltaEventLog::events_in_range(std::int64_t start, std::int64_t end,
                                              std::size_t limit) {
  return ask([&] { return index_->events_in_range(start, end, limit); });
}

Result<std::optional<StoredEvent>> DeltaEventLog::event(std::string_view event_id) {
  return ask([&]() -> Result<std::optional<StoredEvent>> {
    const auto place = index_->place_of(event_id);
    if (!place) return std::optional<StoredEvent>();
    BL_TRY(BuildEvent event, index_->event_at(*place));
    return std::optional(StoredEvent{*place + 1, std::move(event)});
  });
}

Result<EventPage> DeltaEventLog::list(Sequence after, const EventFilter& filter,
                                      std::size_t limit) {
  if (journals_ != nullptr) BL_RETURN_IF_ERROR(publish());
  return ask([&] { return index_->list(after, published_, filter, limit); });
}

Result<std::optional<PartitionState>> DeltaEventLog::latest_partition_status(std::string_view ref) {
  return ask([&]() -> Result<std::optional<PartitionState>> {
    return index_->latest_partition_status(ref);
  });
}

Result<std::vector<std::string>> DeltaEventLog::active_builds_for_partition(std::string_view ref) {
  return ask([&]() -> Result<std::vector<std::string>> {
    return index_->active_builds_for_partition(ref);
  });
}

Result<std::optional<std::string>> DeltaEventLog::build_request_for_available_partition(
    std::string_view ref) {
  return ask([&]() -> Result<std::optional<std::string>> {
    return index_->build_request_for_available_partition(ref);
  });
}

Result<std::optional<BuildRequestSummary>> DeltaEventLog::build_request(std::string_view id) {
  return ask([&] { return index_->build_request(id); });
}

Result<Listed<BuildRequestSummary>> DeltaEventLog::list_build_requests(
    const Paging& paging, std::optional<BuildRequestStatus> status) {
  return ask([&] { return index_->list_build_requests(paging, status); });
}

Result<Listed<PartitionSummary>> DeltaEventLog::list_recent_partitions(
    const Paging& paging, std::optional<PartitionStatus> status) {
  return ask([&]() -> Result<Listed<PartitionSummary>> {
    return index_->list_recent_partitions(paging, status);
  });
}

Result<Listed<JobSummary>> DeltaEventLog::list_jobs(const Paging& paging, std::string_view search) {
  return ask([&]() -> Result<Listed<JobSummary>> { return index_->list_jobs(paging, search); });
}

Result<ActivitySummary> DeltaEventLog::activity() {
  return ask([&] { return index_->activity(); });
}

// Files and tail of one moment: what was acknowledged stands in one of the two.
Result<lake::Snapshot> DeltaEventLog::table() {
  BL_RETURN_IF_ERROR(refresh_if_due());
  std::shared_ptr<const lake::DeltaSnapshot> snapshot;
  std::vector<KnownEvents> records;
  {
    const std::shared_lock reading(gate_);
    if (index_error_) return *index_error_;
    snapshot = snapshot_;
    const std::lock_guard lock(mutex_);
    for (const TailRecord& record : tail_.records()) records.push_back(record.events);
  }
  BL_TRY(auto files, table_->file_set(*snapshot));
  std::vector<columns::Batch> tail;
  std::vector<BuildEvent> piece;
  for (std::size_t i = 0; i < records.size(); ++i) {
    piece.insert(piece.end(), records[i]->begin(), records[i]->end());
    if (piece.size() < 16'384 && i + 1 < records.size()) continue;
    BL_TRY(columns::Batch batch, table_->rows_for_sql(*snapshot, piece));
    tail.push_back(std::move(batch));
    piece.clear();
  }
  return lake::Snapshot(std::move(files), std::move(tail));
}

Result<LogStatus> DeltaEventLog::status() {
  BL_RETURN_IF_ERROR(refresh_if_due());
  const std::shared_lock reading(gate_);
  const std::lock_guard lock(mutex_);
  LogStatus status;
  status.backend = "delta";
  status.uri = uri_.shown;
  status.events = published_ + tail_.events();
  status.newest = published_;
  status.unpublished = tail_.events();
  status.schema_version = schema_version_of(*snapshot_->metadata).version;
  status.bytes = static_cast<std::int64_t>(snapshot_->bytes);
  status.version = snapshot_->version;
  status.files = static_cast<std::int64_t>(snapshot_->files.size());
  return status;
}

}  // namespace bl::events::delta
