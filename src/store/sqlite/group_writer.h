#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/log.h"
#include "store/database.h"
#include "store/sqlite/session.h"
#include "store/store_metrics.h"

namespace bl::store {

/// The one connection that writes and checkpoints, on a thread of its own, and the bounded queue in
/// front of it. Writes that arrive while a commit waits for the disk share the next commit: there
/// is no artificial delay.
///
/// A group is one transaction. Each work runs in a savepoint, so that one that fails takes only its
/// own rows along. Nobody of a group is answered before its COMMIT: what a work saw may stem from
/// its neighbours. When SQLite rolls the whole transaction back under a work (a full disk, a
/// deadline), the others of the group run again without it.
///
/// When COMMIT fails, all of the group get the error. Its frames may be in the log already, even
/// with the commit mark, and a later recovery would take them for good: so the writer seals the log
/// (Session::seal) and opens the file anew before it answers. Where that fails too, the answer is
/// `outcome_unknown`, and every later group tries the recovery first. What a full disk refused has
/// no commit mark, which is written last: it needs no seal, for which there would be no room.
class GroupWriter {
 public:
  /// Opens or creates the file, recovers, and starts the thread. Errors: those of Session::open.
  static Result<std::unique_ptr<GroupWriter>> open(const std::string& path,
                                                   const DatabaseLimits& limits, Log& log,
                                                   StoreMetrics metrics);
  /// Works off the queue, then checkpoints and truncates the WAL.
  ~GroupWriter();
  GroupWriter(const GroupWriter&) = delete;
  GroupWriter& operator=(const GroupWriter&) = delete;

  using Work = std::function<Result<void>(Connection&)>;
  /// Waits until the work is durable or has failed. BL_CHECKs that it is not called from a work.
  Result<void> write(const Work& work, std::optional<std::int64_t> time_ms_max);

 private:
  struct Entry {
    const Work& work;
    std::optional<std::int64_t> time_ms_max;
    Result<void> outcome;
    std::mutex mutex;
    std::condition_variable changed;
    bool done = false;  // guarded by mutex
  };
  using Group = std::vector<Entry*>;

  GroupWriter(std::string path, const DatabaseLimits& limits, Log& log, StoreMetrics metrics,
              std::unique_ptr<Session> session);
  void work_loop();
  /// The next group; empty when the queue stayed empty for checkpoint_idle_ms, or at the end.
  Group take_group();
  void commit_group(const Group& group);
  /// Runs the group's works in one open transaction. False when SQLite rolled it back: then
  /// `culprit` is the index of the work that it failed in.
  bool run_works(const Group& group, std::size_t& culprit);
  void run_in_savepoint(Entry& entry);
  void run_alone(Entry& entry);
  Error commit_failed(Error error);
  Result<void> recover();
  static void fail_all(const Group& group, const Error& error);
  static void answer(const Group& group);
  void count_time_limit(const Entry& entry);

  void checkpoint_by_size();
  void checkpoint_when_idle();
  void checkpoint(Session::CheckpointMode mode);

  const std::string path_;
  const DatabaseLimits limits_;
  Log& log_;
  StoreMetrics metrics_;

  // The writer's thread only.
  std::unique_ptr<Session> session_;
  bool needs_recovery_ = false;
  bool needs_seal_ = false;
  std::int64_t next_restart_bytes_ = 0;
  bool has_unmoved_frames_ = false;

  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<Entry*> queue_;  // guarded by mutex_
  bool stopping_ = false;     // guarded by mutex_
  std::thread thread_;        // the last member: it uses all others
};

}  // namespace bl::store
