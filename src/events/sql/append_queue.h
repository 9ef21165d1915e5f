#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "events/log.h"
#include "store/database.h"

/// The way into a log in SQL. Appends that arrive while a transaction is under way share the next
/// one: whoever finds nobody at work writes for all that wait. In it the ids are looked up, what is
/// new gets the next sequences, and the states of the entities are changed along.
///
/// Sequences are given in the order of the commits: SQLite has one writer, and on PostgreSQL each
/// transaction holds one advisory lock from before it looks until it is committed. So no reader
/// sees a sequence while a smaller one is still to come, and sequences have no gaps
/// (docs/adr/0005-one-append-at-a-time.md).
namespace bl::events {

struct AppendQueueLimits {
  std::size_t waiting_max = 4'096;       ///< appends; more are `overloaded`
  std::size_t group_events_max = 8'192;  ///< of one transaction, unless one append is larger
  /// PostgreSQL: of a ref, label or id that is indexed.
  std::size_t postgres_key_bytes_max = 2'048;
  std::size_t read_bytes_max = 256u << 20;  ///< of stored events that are compared with retries
};

/// Threads: any.
class AppendQueue {
 public:
  enum class Mode : unsigned char { plain, strict };
  AppendQueue(store::Database& database, Mode mode, Metrics& metrics,
              const AppendQueueLimits& limits);
  /// EventLog::append.
  Result<Appended> append(std::span<const BuildEvent> events);

 private:
  struct Waiting {
    std::span<const BuildEvent> events;
    std::vector<std::size_t> first;  ///< where each id stands first
    Result<Appended> outcome = Appended{};
    std::condition_variable changed;
    bool is_done = false;  // guarded by mutex_
    bool is_next = false;  // guarded by mutex_: it writes now
  };
  using Group = std::vector<Waiting*>;

  Result<void> check(std::span<const BuildEvent> events) const;
  Group take_group();  // needs mutex_
  void hand_on();      // needs mutex_
  void write(const Group& group);
  Result<void> write_group(store::Connection& connection, const Group& group);

  store::Database& database_;
  const Mode mode_;
  const AppendQueueLimits limits_;
  Counter events_, repeated_, refused_;
  Histogram group_events_;
  std::mutex mutex_;
  std::deque<Waiting*> waiting_;  // guarded by mutex_
  bool is_writing_ = false;       // guarded by mutex_: one of the callers writes
};

}  // namespace bl::events
