#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/disk.h"
#include "base/metrics.h"
#include "events/append_check.h"
#include "events/log.h"
#include "events/model.h"

/// The index over a log that cannot be asked by itself (a Delta table): every question of EventLog
/// without a scan. Kept from the log: events come in by their place, in order; what was settled is
/// on the disk, so that the next start does not read the log anew (docs/formats/event-index.md).
///
/// Places are 0, 1, 2, ... without gaps: the order of the table. Behind the settled places stands
/// the tail: events that are durable elsewhere but not in the table yet; it is replaced when the
/// table grows (truncate_to, then add). Memory: what is known of builds, partitions, runs and jobs
/// (about 100 bytes and their text for each), the tail, and at most (1 + unwritten_max) times
/// memory_bytes_max; all else is read where it lies in files.
namespace bl::events {

struct IndexLimits {
  std::int64_t segment_events = 1'000'000;   ///< settled and in memory, then a segment is written
  std::size_t memory_bytes_max = 64u << 20;  ///< of events in memory; the same
  /// Segments that wait for their writer, then settle() waits.
  std::size_t unwritten_max = 2;
  std::size_t segments_max = 8;               ///< more are merged
  std::uint64_t rows_file_bytes = 64u << 20;  ///< smaller files of rows are merged with segments
  std::size_t read_bytes_max = 256u << 20;    ///< of the events of one answer
};

/// What an index on the disk belongs to; another table, or another order, is none of ours.
struct IndexOwner {
  std::string table_id;      ///< of the Delta table
  std::int64_t version = 0;  ///< of the table, whose first `events` places are settled
  std::int64_t events = 0;
};

struct IndexedEvent {
  std::int64_t place = 0;
  BuildEvent event;
};

/// Threads: reads any; add, truncate_to, settle and save by one at a time. A thread of its own
/// writes and merges segments.
class EventIndex {
 public:
  /// Opens what `folder` holds for that table, else begins anew (also when it is damaged: counted
  /// and removed). `folder`: of one process at a time; what others keep there stays. Disk and
  /// metrics outlive the index. Every byte but those of the rows is checked; a row when it is read.
  /// Errors: io, disk_full.
  static Result<std::unique_ptr<EventIndex>> open(Disk& disk, const std::string& folder,
                                                  const std::string& table_id, Metrics& metrics,
                                                  const IndexLimits& limits = {});
  /// What is not saved is added again after the next open. Waits for a segment or merge on the way.
  ~EventIndex();

  /// Of what is on the disk: events() places are there after open(); nullopt: nothing is.
  std::optional<IndexOwner> owner() const;
  /// Places that are taken, tail included.
  std::int64_t events() const;

  /// Appends at the next places. An event whose id is there takes its place, but is never given
  /// again (the first one counts). Settle in between: what is not settled can be taken back, and
  /// costs about 500 bytes an event. Errors: io, disk_full (segments cannot be written, and
  /// memory_bytes_max of settled events wait).
  Result<void> add(std::span<const BuildEvent> events);
  /// Forgets the places from `events` on; not those that are settled. What is forgotten is as if it
  /// had never been added.
  Result<void> truncate_to(std::int64_t events);
  /// The places before `owner.events` are in the table at `owner.version`: they may go into
  /// segments. `owner.events` does not go back; it may be less than the table has at that version.
  /// Cheap until segment_events are waiting; then it hands them over, and waits only when
  /// unwritten_max are there. Errors: invalid (another table, events that are not there), io,
  /// disk_full: of the writer, which tries again with the next call.
  Result<void> settle(const IndexOwner& owner);
  /// Writes what is settled, whatever its size: before a clean end, so that the next open is fast.
  Result<void> save();

  // -- as EventLog has them; a Sequence is the place + 1
  std::optional<std::int64_t> place_of(std::string_view event_id) const;
  /// Errors: not_found (no such place, or its id was there before), corrupt, io.
  Result<BuildEvent> event_at(std::int64_t place) const;
  // Errors of what reads events: corrupt (the file is not what was written), too_large
  // (read_bytes_max).
  Result<Events> build_request_events(std::string_view build_request_id, const Slice& slice) const;
  Result<Events> partition_events(std::string_view partition_ref, const Slice& slice) const;
  Result<Events> job_run_events(std::string_view job_run_id, const Slice& slice) const;
  Result<Events> events_in_range(std::int64_t start, std::int64_t end, std::size_t limit) const;
  /// Of the places before `end`.
  Result<EventPage> list(Sequence after, std::int64_t end, const EventFilter& filter,
                         std::size_t limit) const;
  std::optional<PartitionState> latest_partition_status(std::string_view partition_ref) const;
  std::vector<std::string> active_builds_for_partition(std::string_view partition_ref) const;
  std::optional<std::string> build_request_for_available_partition(
      std::string_view partition_ref) const;
  Result<std::optional<BuildRequestSummary>> build_request(std::string_view id) const;
  Result<Listed<BuildRequestSummary>> list_build_requests(
      const Paging& paging, std::optional<BuildRequestStatus> status) const;
  Listed<PartitionSummary> list_recent_partitions(const Paging& paging,
                                                  std::optional<PartitionStatus> status) const;
  Listed<JobSummary> list_jobs(const Paging& paging, std::string_view search) const;
  Result<ActivitySummary> activity() const;
  /// Newest job event of a run, for strict logs; nullopt: none.
  std::optional<Known<JobStatus>> job_status(std::string_view job_run_id) const;
  /// Newest build_request event; nullopt: none.
  std::optional<Known<BuildRequestStatus>> build_status(std::string_view build_request_id) const;
  /// Resident bytes, by our own count.
  std::uint64_t memory_bytes() const;

  // -- files are read where they lie, and were checked when they were opened
  /// Whether something in them was found that was not written: answers may lack events since. The
  /// index is to be built anew.
  bool is_damaged() const;
  /// A look at all that is in files now, but the rows, which have their checks: to be called at
  /// leisure, by any thread, also when the index is gone by then. What it finds, is_damaged() says.
  /// Errors: corrupt. Cost: reads about 60 bytes an event.
  std::function<Result<void>()> check() const;

 private:
  class Impl;
  explicit EventIndex(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// An index that begins with nothing reads the whole table once. What another log's index of the
/// same table has on this disk spares it that: its files never change. Called before open();
/// `folder` is there, `parents` are folders of folders of indexes. Nothing that fails here does
/// harm: then the folder is as empty as before, or what it has does not pass open().
void take_over_saved_index(Disk& disk, const std::string& folder,
                           const std::vector<std::string>& parents);

}  // namespace bl::events
