#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <thread>
#include <vector>

#include "events/event_index.h"
#include "events/index/entities.h"
#include "events/index/index_folder.h"
#include "events/index/memory_part.h"

/// The index is a stack, by places: files (DiskState), parts in memory that wait for the writer
/// thread (frozen), and the part that grows (active), which ends with the tail. Beside it stand the
/// entities, as of the newest event.
///
/// A reader takes the lock shared, finds codes, takes what it needs of the active part, and holds
/// on to files and frozen parts; it reads those, and decodes, without the lock. Whoever changes
/// prepares without the lock and takes it for the change alone.
namespace bl::events {

using index::DiskState;
using index::Entities;
using index::Hit;
using index::Kind;
using index::MemoryPart;
using index::StoredRow;

class EventIndex::Impl {
 public:
  Impl(Disk& disk, std::string folder, Metrics& metrics, const IndexLimits& limits);
  ~Impl();

  Result<void> open(const std::string& table_id);

  // -- changes (event_index.cc, writer.cc)
  Result<void> add(std::span<const BuildEvent> events);
  Result<void> truncate_to(std::int64_t events);
  Result<void> settle(const IndexOwner& owner);
  Result<void> save();

  // -- answers (queries.cc, lists.cc)
  std::optional<IndexOwner> owner() const;
  std::int64_t events() const;
  std::optional<std::int64_t> place_of(std::string_view event_id) const;
  Result<BuildEvent> event_at(std::int64_t place) const;
  Result<Events> events_of(Kind kind, std::string_view text, const Slice& slice) const;
  Result<Events> events_in_range(std::int64_t start, std::int64_t end, std::size_t limit) const;
  Result<EventPage> list(Sequence after, std::int64_t end, const EventFilter& filter,
                         std::size_t limit) const;
  std::optional<PartitionState> latest_partition_status(std::string_view ref) const;
  std::vector<std::string> active_builds_for_partition(std::string_view ref) const;
  std::optional<std::string> build_for_available_partition(std::string_view ref) const;
  Result<std::optional<BuildRequestSummary>> build_request(std::string_view id) const;
  Result<Listed<BuildRequestSummary>> list_build_requests(
      const Paging& paging, std::optional<BuildRequestStatus> status) const;
  Listed<PartitionSummary> list_recent_partitions(const Paging& paging,
                                                  std::optional<PartitionStatus> status) const;
  Listed<JobSummary> list_jobs(const Paging& paging, std::string_view search) const;
  Result<ActivitySummary> activity() const;
  std::optional<Known<JobStatus>> job_status(std::string_view run) const;
  std::optional<Known<BuildRequestStatus>> build_status(std::string_view build) const;
  std::uint64_t memory_bytes() const;
  bool is_damaged() const { return *is_damaged_; }
  std::function<Result<void>()> check() const;

 private:
  /// A row of the active part. With its build's text: it may be of the tail, whose codes go.
  struct ActiveRow {
    StoredRow row;
    std::string build;  // compacted
  };
  /// What does not change any more, and rows of the active part.
  struct View {
    std::shared_ptr<const DiskState> disk;
    std::vector<std::shared_ptr<const MemoryPart>> frozen;  // by place
    std::vector<ActiveRow> active;                          // by place
    std::shared_ptr<const index::RowArena> arena;           // of `active`
    std::int64_t active_first = 0;

    const ActiveRow& active_row(std::int64_t place) const;
    StoredRow row(std::int64_t place) const;
    void sort();
    std::optional<std::int64_t> find(const index::EventKey& key, std::uint64_t hash) const;
  };
  struct Prepared;
  struct Work {
    std::shared_ptr<const MemoryPart> part;  // null: only the owner is new
    index::AllChanges changes;
    IndexOwner owner;
  };
  struct Candidates;

  std::shared_lock<std::shared_mutex> lock_shared() const;
  std::unique_lock<std::shared_mutex> lock_alone() const;
  // With the lock held.
  View view() const;
  void take_active(std::int64_t place, View& view) const;
  void take_active(const std::vector<Hit>& hits, View& view) const;
  BuildRequestSummary summary_of(std::uint32_t build, View& view,
                                 std::vector<std::int64_t>& named) const;
  JobSummary job_summary(std::uint32_t label) const;
  PartitionSummary partition_summary(std::uint32_t ref) const;
  Listed<PartitionSummary> partitions_page(const Paging& paging,
                                           std::optional<PartitionStatus> status) const;
  // Without.
  Result<std::vector<BuildEvent>> decode(const View& view,
                                         const std::vector<std::int64_t>& places) const;
  Error damaged(Error error) const;
  Result<Events> answer(View view, std::vector<Hit> hits, std::size_t limit) const;
  Result<void> fill_requested(std::vector<BuildRequestSummary>& builds, View& view,
                              const std::vector<std::int64_t>& named) const;
  Candidates candidates_of(const EventFilter& filter) const;
  std::vector<std::int64_t> next_places(const View& view, const Candidates& candidates,
                                        std::int64_t from, std::int64_t end,
                                        std::size_t count) const;

  Prepared prepare(const BuildEvent& event, std::string& row) const;
  void apply(const Prepared& prepared, const BuildEvent& event, MemoryPart::Codes& codes);
  bool is_full() const;
  void freeze();
  void hand_over(Work work);
  Result<void> wait_for_room(std::size_t unwritten_max);
  Result<void> try_again();
  void run_writer();
  Result<void> write(const Work& work);
  Result<bool> merge();
  void publish(std::shared_ptr<const DiskState> state, bool drops_oldest);

  Disk& disk_;
  const IndexLimits limits_;
  mutable index::IndexFolder folder_;  // of the writer thread, once it runs, but for disown()
  const std::string folder_path_;
  mutable Counter rebuilds_;
  Counter segments_, merges_, failures_;
  Gauge memory_;
  /// What files have was found damaged: nothing is written any more. Shared with what reads them.
  std::shared_ptr<std::atomic<bool>> is_damaged_;
  mutable std::atomic<bool> is_disowned_ = false;

  // Whoever wants to change waits here first, so that readers without end do not keep it out.
  mutable std::mutex gate_;
  mutable std::shared_mutex mutex_;
  // Under mutex_; the changing thread may read them without it, but state_ and frozen_.
  std::shared_ptr<const DiskState> state_;
  std::vector<std::shared_ptr<const MemoryPart>> frozen_;
  std::unique_ptr<MemoryPart> active_;
  Entities entities_;
  IndexOwner settled_;
  std::string table_id_;

  std::mutex work_mutex_;
  std::condition_variable work_changed_;
  // Under work_mutex_.
  std::deque<Work> work_;
  std::optional<Error> failure_;  // of the first of work_; nothing is tried until it is gone
  bool is_stopping_ = false;
  std::thread writer_;
};

}  // namespace bl::events
