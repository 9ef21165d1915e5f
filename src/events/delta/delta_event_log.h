#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <span>
#include <string>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "events/delta/event_table.h"
#include "events/delta/gate.h"
#include "events/delta/index_folder.h"
#include "events/delta/journals.h"
#include "events/delta/places.h"
#include "events/delta/tail.h"
#include "events/event_index.h"
#include "events/log.h"
#include "events/log_uri.h"
#include "events/open_log.h"
#include "lake/object_journal.h"

namespace bl::events::delta {

/// Reaching one is counted in `bl_events_delta_limit_hits_total`.
struct DeltaLogLimits {
  std::uint64_t tail_bytes_max = 256u << 20;  ///< acknowledged, not in the table; more: overloaded
  std::chrono::seconds tail_age_max{900};     ///< of the oldest of them; more: overloaded
  std::uint64_t flush_bytes = 8u << 20;       ///< in the journal; then a flush does not wait
  std::int64_t file_events_max = 1'000'000;   ///< of one flush's file
  std::chrono::milliseconds refresh_every{200};  ///< for queries: how old their table may be
  std::chrono::seconds take_over_every{30};      ///< journals of processes that are gone
  std::chrono::seconds check_index_every{600};   ///< whether its files are what was written
  lake::ObjectJournalLimits object_journal;      ///< of tables that are not on this disk
  CompactionLimits compaction;
  std::size_t compact_files_min = 16;  ///< a table of fewer files is left as it is
};

struct DeltaLogMetrics {
  explicit DeltaLogMetrics(Metrics& metrics);
  Counter flushes, flush_failures, flushed_events, read_events, taken_over, rebuilds;
  Counter compactions, compacted_files;
  Counter tail_bytes_limit, tail_age_limit;
  Gauge tail_events, tail_bytes;
  Histogram flush_seconds;
};

/// The log over a Delta table. How an event goes: checked against the index -> journal (durable) ->
/// tail, and in the index behind the table's events -> acknowledged. How it comes into the table:
/// flush: what others have committed is read -> the tail's records, up to a number, become one
/// file -> one commit, with the journal's id and that number -> the index has them at their places
/// -> the journal is trimmed. After a crash the number in the table says which records are left.
///
/// Locks, in this order: publish_ (who changes what is published) -> gate_ (shared by who asks the
/// index) -> mutex_ (who adds to the tail).
class DeltaEventLog final : public EventLog {
 public:
  static Result<std::unique_ptr<DeltaEventLog>> open(const LogUri& uri, const LogWorld& world,
                                                     TablePlace place,
                                                     const DeltaLogLimits& limits = {});
  ~DeltaEventLog() override;

  Result<Appended> append(std::span<const BuildEvent> events) override;
  // -- log_queries.cc
  Result<Events> build_request_events(std::string_view id, const Slice& slice) override;
  Result<Events> partition_events(std::string_view ref, const Slice& slice) override;
  Result<Events> job_run_events(std::string_view id, const Slice& slice) override;
  Result<Events> events_in_range(std::int64_t start, std::int64_t end, std::size_t limit) override;
  Result<std::optional<StoredEvent>> event(std::string_view event_id) override;
  Result<EventPage> list(Sequence after, const EventFilter& filter, std::size_t limit) override;
  Result<std::optional<PartitionState>> latest_partition_status(std::string_view ref) override;
  Result<std::vector<std::string>> active_builds_for_partition(std::string_view ref) override;
  Result<std::optional<std::string>> build_request_for_available_partition(
      std::string_view ref) override;
  Result<std::optional<BuildRequestSummary>> build_request(std::string_view id) override;
  Result<Listed<BuildRequestSummary>> list_build_requests(
      const Paging& paging, std::optional<BuildRequestStatus> status) override;
  Result<Listed<PartitionSummary>> list_recent_partitions(
      const Paging& paging, std::optional<PartitionStatus> status) override;
  Result<Listed<JobSummary>> list_jobs(const Paging& paging, std::string_view search) override;
  Result<ActivitySummary> activity() override;
  Result<lake::Snapshot> table() override;
  Result<LogStatus> status() override;

  // -- for who runs the table (events/delta_admin.h)

  EventTable& events_table() { return *table_; }
  /// Everything that is acknowledged is in the table, and the newest of it is known.
  Result<void> publish();
  /// One step of compaction; how many files became one, 0: nothing to do. Somebody else's
  /// compaction of the same files: tried again with the next call.
  Result<std::size_t> compact_once(const CompactionLimits& limits);
  /// What the log's own two threads do every flush_every: tail and journals; large files of small
  /// ones, which takes its time.
  void work();
  void work_at_files();

 private:
  using KnownEvents = std::shared_ptr<const std::vector<BuildEvent>>;
  /// A file of the tail's records on its way into the table. Kept while its outcome is not known.
  struct Flush {
    lake::RecordNo end = 0;  ///< the first record that is not in it
    bool is_front = false;   ///< its events stand in the index as they will in the table
    KnownEvents events;
    std::optional<lake::DeltaFile> file;
  };
  /// Ids that are being appended; others who bring the same wait.
  class Claim;

  DeltaEventLog(const LogUri& uri, const LogWorld& world, const DeltaLogLimits& limits);
  Result<void> start(TablePlace place);
  Result<void> start_index();
  Result<void> start_journals();
  std::int64_t steady_ms() const;
  bool pause(std::chrono::milliseconds time);
  void run(void (DeltaEventLog::*work)());
  void work_at_journals();
  Result<void> compact_if_due();
  Result<void> check_index_if_due();

  // log_appending.cc
  Result<void> may_append();
  Result<void> claim(Claim& claim);
  Result<void> check_strict(std::span<const BuildEvent> events);
  Result<void> append_to_journal(KnownEvents events);
  Result<void> append_to_table(KnownEvents events);
  void take_record(TailRecord record);

  // log_publishing.cc; publish_ is held
  Result<void> refresh_if_due();
  Result<void> refresh();
  Result<void> flush_all();
  Result<void> flush_some();
  Result<Flush> make_flush();
  Result<void> commit_flush();
  Result<void> take_over();
  Result<void> take_over(LeftJournal& left);
  Result<void> commit_left(const std::string& app, lake::RecordNo end,
                           std::vector<BuildEvent> events);
  std::vector<BuildEvent> not_published(std::vector<BuildEvent> events);
  Result<void> renew_journal();
  Result<void> find_missing();
  /// The index follows the table; `flush`: what of it is ours, just committed.
  Result<void> advance(std::shared_ptr<const lake::DeltaSnapshot> snapshot, const Flush* flush);
  Result<void> follow(std::shared_ptr<const lake::DeltaSnapshot> snapshot, const Flush* flush);
  Result<void> add_file(const lake::DeltaSnapshot& snapshot, const PlacedFile& file,
                        const Flush* flush);
  Result<void> add_published(std::span<const BuildEvent> events);
  Result<void> rebuild(std::shared_ptr<const lake::DeltaSnapshot> snapshot, Places places);
  /// Builds the index anew if it is damaged, and waits for whoever is at it.
  Result<void> mend();
  Result<void> kept(Result<void> done);
  Result<void> show(std::shared_ptr<const lake::DeltaSnapshot> snapshot, std::int64_t moved);
  Result<void> put_tail();  // gate_ and mutex_ are held
  Result<void> settle(const lake::DeltaSnapshot& snapshot);
  std::string application() const;
  std::int64_t flushed(const lake::DeltaSnapshot& snapshot) const;

  // gate_ or publish_ is held: the index can be asked, as far as it knows.
  bool is_index_sound() const { return !index_error_ && !index_failed_ && !index_->is_damaged(); }
  /// An answer of the index, after a look at the table if the last one is long ago. One that has
  /// found itself damaged is built anew first: the table and the journal have all that was in it.
  template <class Question>
  auto ask(const Question& question) -> decltype(question());

  const LogUri uri_;
  const LogWorld world_;
  const DeltaLogLimits limits_;
  DeltaLogMetrics metrics_;
  std::unique_ptr<EventTable> table_;
  std::optional<IndexFolder> folder_;
  std::unique_ptr<Journals> journals_;  ///< null: mode direct or ro

  std::mutex publish_;
  Places places_;               // guarded by publish_: of the newest version that was begun
  std::optional<Flush> flush_;  // guarded by publish_: not known whether it is in the table
  RecurringError flush_error_, refresh_error_, compact_error_, take_over_error_,
      check_error_;                               // of the threads
  std::atomic<std::int64_t> refreshed_at_{0};     ///< steady, in milliseconds; 0: look
  std::int64_t alive_at_ = 0, took_over_at_ = 0;  // of the thread; steady, in milliseconds
  std::int64_t checked_index_at_ = 0;             // of the other thread
  std::optional<std::int64_t> mend_failed_at_;    // guarded by publish_
  std::atomic<bool> journal_is_lost_{false};

  Gate gate_;
  std::unique_ptr<EventIndex> index_;  // changed under gate_
  std::int64_t published_ = 0;         // changed under gate_: places of the table in the index
  std::shared_ptr<const lake::DeltaSnapshot> snapshot_;  // changed under gate_: what is published
  std::optional<Error> index_error_;        // changed under gate_ and publish_: until it is rebuilt
  std::atomic<bool> index_failed_ = false;  ///< it lacks what it should have: to be built anew

  std::mutex strict_;
  std::shared_mutex journal_;  // shared by who appends to it
  std::mutex mutex_;
  std::condition_variable changed_;
  Tail tail_;                                  // guarded by mutex_; dropped from under gate_ too
  std::unordered_set<std::string> in_flight_;  // guarded by mutex_
  std::unordered_map<std::string, KnownEvents> known_;  // guarded by mutex_: files of ours, by path
  bool wake_ = false;                                   // guarded by mutex_
  bool stopping_ = false;                               // guarded by mutex_
  std::thread flusher_, compactor_;
};

}  // namespace bl::events::delta
