#pragma once

#include <random>
#include <vector>

#include "base/metrics.h"
#include "events/append_check.h"
#include "events/event_index.h"
#include "events/testing/parity.h"

namespace bl::events {

/// An EventLog that is nothing but an index, so that the suite of all backends asks it. What a
/// table and its journal would do beside it happens by chance, at each append: the tail is taken
/// back and added again, settled up to somewhere, saved, the index opened anew.
class IndexLog final : public EventLog {
 public:
  IndexLog(Disk& disk, std::string folder, const IndexLimits& limits, bool is_strict,
           std::uint64_t seed)
      : disk_(disk),
        folder_(std::move(folder)),
        limits_(limits),
        is_strict_(is_strict),
        random_(seed) {
    open();
  }

  Result<Appended> append(std::span<const BuildEvent> events) override {
    BL_RETURN_IF_ERROR(check_batch(events));
    BL_TRY(std::vector<std::size_t> firsts, first_of_each_id(events));
    std::vector<BuildEvent> added;
    for (const std::size_t i : firsts) {
      const auto place = index_->place_of(events[i].event_id);
      if (!place) {
        added.push_back(events[i]);
        continue;
      }
      BL_TRY(const BuildEvent there, index_->event_at(*place));
      if (there != events[i]) return conflict_of(there.event_id);
    }
    if (is_strict_) BL_RETURN_IF_ERROR(check_strict(added));
    BL_RETURN_IF_ERROR(index_->add(added));
    all_.insert(all_.end(), added.begin(), added.end());
    const auto count = static_cast<std::int64_t>(added.size());
    BL_RETURN_IF_ERROR(live());
    return Appended{count, static_cast<std::int64_t>(events.size()) - count};
  }

  Result<Events> build_request_events(std::string_view id, const Slice& slice) override {
    return index_->build_request_events(id, slice);
  }
  Result<Events> partition_events(std::string_view ref, const Slice& slice) override {
    return index_->partition_events(ref, slice);
  }
  Result<Events> job_run_events(std::string_view run, const Slice& slice) override {
    return index_->job_run_events(run, slice);
  }
  Result<Events> events_in_range(std::int64_t start, std::int64_t end, std::size_t limit) override {
    return index_->events_in_range(start, end, limit);
  }
  Result<std::optional<StoredEvent>> event(std::string_view id) override {
    const auto place = index_->place_of(id);
    if (!place) return std::optional<StoredEvent>();
    BL_TRY(BuildEvent event, index_->event_at(*place));
    return std::optional<StoredEvent>({*place + 1, std::move(event)});
  }
  Result<EventPage> list(Sequence after, const EventFilter& filter, std::size_t limit) override {
    return index_->list(after, index_->events(), filter, limit);
  }
  Result<std::optional<PartitionState>> latest_partition_status(std::string_view ref) override {
    return index_->latest_partition_status(ref);
  }
  Result<std::vector<std::string>> active_builds_for_partition(std::string_view ref) override {
    return index_->active_builds_for_partition(ref);
  }
  Result<std::optional<std::string>> build_request_for_available_partition(
      std::string_view ref) override {
    return index_->build_request_for_available_partition(ref);
  }
  Result<std::optional<BuildRequestSummary>> build_request(std::string_view id) override {
    return index_->build_request(id);
  }
  Result<Listed<BuildRequestSummary>> list_build_requests(
      const Paging& paging, std::optional<BuildRequestStatus> status) override {
    return index_->list_build_requests(paging, status);
  }
  Result<Listed<PartitionSummary>> list_recent_partitions(
      const Paging& paging, std::optional<PartitionStatus> status) override {
    return index_->list_recent_partitions(paging, status);
  }
  Result<Listed<JobSummary>> list_jobs(const Paging& paging, std::string_view search) override {
    return index_->list_jobs(paging, search);
  }
  Result<ActivitySummary> activity() override { return index_->activity(); }
  Result<lake::Snapshot> table() override {
    return Error{Code::unsupported, "an index has no table"};
  }
  Result<LogStatus> status() override { return LogStatus{}; }

  EventIndex& index() { return *index_; }
  /// How often what was lost with a restart was more than nothing.
  int reopened() const { return reopened_; }

 private:
  std::size_t below(std::size_t bound) { return random_() % bound; }

  void open() {
    index_.reset();
    index_ = EventIndex::open(disk_, folder_, "table", metrics_, limits_).value();
  }

  Result<void> live() {
    const auto count = static_cast<std::int64_t>(all_.size());
    if (below(3) == 0) {  // a flush: the tail comes once more
      const auto kept = settled_ + static_cast<std::int64_t>(
                                       below(static_cast<std::size_t>(count - settled_ + 1)));
      BL_RETURN_IF_ERROR(index_->truncate_to(kept));
      BL_RETURN_IF_ERROR(index_->add(rest(kept)));
    }
    if (below(3) == 0) {
      settled_ += static_cast<std::int64_t>(below(static_cast<std::size_t>(count - settled_ + 1)));
      BL_RETURN_IF_ERROR(index_->settle({"table", ++version_, settled_}));
    }
    if (below(8) == 0) BL_RETURN_IF_ERROR(index_->save());
    if (below(8) == 0) {
      open();
      ++reopened_;
      settled_ = index_->events();
      BL_RETURN_IF_ERROR(index_->add(rest(settled_)));
    }
    return {};
  }
  std::span<const BuildEvent> rest(std::int64_t from) const {
    return std::span(all_).subspan(static_cast<std::size_t>(from));
  }

  Result<void> check_strict(const std::vector<BuildEvent>& added) const {
    StrictCheck check({
        [&](std::string_view id) {
          return Result<std::optional<Known<BuildRequestStatus>>>(index_->build_status(id));
        },
        [&](std::string_view ref) {
          std::optional<Known<PartitionStatus>> known;
          if (const auto state = index_->latest_partition_status(ref))
            known = {state->status, state->timestamp};
          return Result<std::optional<Known<PartitionStatus>>>(known);
        },
        [&](std::string_view run) {
          return Result<std::optional<Known<JobStatus>>>(index_->job_status(run));
        },
    });
    for (const BuildEvent& event : added) BL_RETURN_IF_ERROR(check.add(event));
    return {};
  }

  Disk& disk_;
  const std::string folder_;
  const IndexLimits limits_;
  const bool is_strict_;
  std::mt19937_64 random_;
  Metrics metrics_;
  std::unique_ptr<EventIndex> index_;
  std::vector<BuildEvent> all_;
  std::int64_t settled_ = 0, version_ = 0;
  int reopened_ = 0;
};

/// So small that a few events make segments, files of rows and merges.
inline IndexLimits tiny_limits() {
  IndexLimits limits;
  limits.segment_events = 7;
  limits.segments_max = 3;
  limits.rows_file_bytes = 8'000;
  return limits;
}

}  // namespace bl::events
