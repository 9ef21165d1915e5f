#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lake/journal.h"
#include "lake/journal/format.h"

/// How both kinds of journals take records: those who append at the same time form a group, which
/// becomes durable at once; keys are looked up before. There is no thread of its own: the first of
/// the queue writes for all.
namespace bl::lake {

/// What a journal knows of a key.
struct KnownRecord {
  RecordNo no = 0;
  std::uint64_t payload_sum = 0;  ///< XXH3 of the payload
  std::string journal;            ///< whose number it is; empty: this one's
};

/// A record with a key that a group makes known. The text lives as long as the call.
struct FreshKey {
  std::string_view key;
  KnownRecord record;
};

/// A group as it is to be written. The texts live as long as the call.
struct NewGroup {
  std::string_view bytes;
  Timestamp at;
  RecordNo first = 0;
  std::uint32_t records = 0;
  std::vector<FreshKey> keys;
};

/// Where groups become durable. Called by one thread at a time, which holds writing().
class GroupTarget {
 public:
  /// The number of the next group's first record. An error is the answer to all records of the
  /// group whose keys are not known.
  virtual Result<RecordNo> prepare(Timestamp at) = 0;
  virtual std::optional<KnownRecord> find(std::string_view key) const = 0;
  /// Makes the group durable and its keys known. After an error nothing of it is, and nothing will
  /// be, but after `outcome_unknown`.
  virtual Result<void> write(const NewGroup& group) = 0;

 protected:
  ~GroupTarget() = default;
};

/// Threads: any. Nobody waits any more when it goes.
class GroupCommit {
 public:
  GroupCommit(GroupTarget& target, const JournalLimits& limits, const Clock& clock,
              JournalMetrics& metrics)
      : target_(target), limits_(limits), clock_(clock), metrics_(metrics) {}
  ~GroupCommit();
  GroupCommit(const GroupCommit&) = delete;
  GroupCommit& operator=(const GroupCommit&) = delete;

  /// As Journal::append(). `id`: the journal's.
  Result<Ack> append(const JournalId& id, std::string_view payload, std::string_view key);

  /// Held by who writes a group. Who holds it keeps groups away.
  std::mutex& writing() { return writing_; }

 private:
  struct Entry {
    std::string_view payload, key;
    std::optional<Result<Ack>> outcome;  // its leader's, until is_done
    bool leads = false;                  // guarded by mutex_
    bool is_taken = false;               // guarded by mutex_
    bool is_done = false;                // guarded by mutex_
    std::condition_variable changed;
    std::size_t bytes() const { return payload.size() + key.size() + k_record_header_bytes; }
  };
  // Shared by its writer and its leader, which wakes it without the lock.
  using EntryPtr = std::shared_ptr<Entry>;
  using Group = std::vector<EntryPtr>;

  Result<void> may_append(std::string_view payload, std::string_view key) const;
  Result<void> enqueue(const EntryPtr& entry);
  bool wait_for_turn(const EntryPtr& entry, std::unique_lock<std::mutex>& lock);
  Group take_group();
  void hand_on(const Group& group, const EntryPtr& leader);
  void commit(const JournalId& id, const Group& group);
  Result<Ack> answer_of(const Entry& entry, const KnownRecord& known);

  GroupTarget& target_;
  const JournalLimits limits_;
  const Clock& clock_;
  JournalMetrics& metrics_;

  std::mutex writing_;

  std::mutex mutex_;               // taken after writing_
  std::deque<EntryPtr> queue_;     // guarded by mutex_
  std::uint64_t queue_bytes_ = 0;  // guarded by mutex_
  bool has_leader_ = false;        // guarded by mutex_
};

}  // namespace bl::lake
