#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <variant>
#include <vector>

#include "lake/delta/attempt.h"
#include "lake/delta/checkpoint.h"
#include "lake/delta/plan.h"
#include "lake/delta/state.h"
#include "lake/delta_log.h"

namespace bl::lake {

/// One thread at a time has the turn: it reads the log, commits, and changes the state. Commits
/// wait in a queue; who has the turn takes all appends that wait and makes one version of them.
/// The state itself is under a mutex of its own, never held across I/O, so that snapshot() does not
/// wait for the store.
class DeltaLog::Impl {
 public:
  Impl(DeltaWorld world, const std::string& prefix, const DeltaLimits& limits);

  Result<void> load_newest();
  /// The first version; false: somebody has made it.
  Result<bool> make(const DeltaTable& table);
  Result<void> check_same(const DeltaTable& table);

  std::shared_ptr<const DeltaSnapshot> snapshot() const;
  Result<std::shared_ptr<const DeltaSnapshot>> update();
  Result<std::shared_ptr<const DeltaSnapshot>> at_version(DeltaVersion version);
  Result<std::shared_ptr<const DeltaSnapshot>> at_time(Timestamp time);
  std::vector<DeltaTombstone> tombstones() const;

  using Request = std::variant<const DeltaAppend*, const DeltaReplace*, const delta::Evolution*>;
  Result<DeltaCommitted> commit(Request request);

  Result<DeltaVersion> checkpoint();
  Result<std::uint64_t> clean_log();

  struct Counters {
    explicit Counters(Metrics& metrics);
    Counter commits, failures, conflicts, repeated, group_commits, in_doubt;
    Counter checkpoints, checkpoint_failures, cleaned;
    Counter queue_limit, time_limit;
  };

 private:
  struct Waiting {
    Request request;
    std::optional<Result<DeltaCommitted>> answer;
  };
  using Group = std::vector<Waiting*>;
  using Answers = std::vector<std::optional<Result<DeltaCommitted>>>;

  class Turn;
  Group take_group();  // queue_mutex_ is held
  /// Every one of the group gets an answer.
  Answers commit_group(const Group& group);
  /// One version, or none. Errors: those that all who have no answer get.
  Result<void> attempt(const Group& group, Answers& answers, delta::Patience& patience);
  Result<void> after_conflict(delta::Patience& patience);
  void made(DeltaVersion version, const std::string& bytes);

  Result<void> catch_up();  // with the turn
  Result<bool> read_some();
  Result<void> check_not_cleaned();
  Result<void> apply(DeltaVersion version, const std::string& bytes);
  void checkpoint_quietly();
  Result<std::optional<DeltaVersion>> cleaning_point(const std::vector<delta::LogEntry>& entries,
                                                     Timestamp before);
  delta::ParseContext context() const;

  const DeltaWorld world_;
  const DeltaLimits limits_;
  delta::LogFolder folder_;
  Counters counters_;

  mutable std::mutex state_mutex_;
  std::optional<delta::State> state_;                      // guarded by state_mutex_
  mutable std::shared_ptr<const DeltaSnapshot> snapshot_;  // guarded by state_mutex_; may be old
  mutable bool snapshot_is_old_ = true;                    // guarded by state_mutex_

  std::mutex queue_mutex_;
  std::condition_variable changed_;
  std::deque<Waiting*> queue_;   // guarded by queue_mutex_
  bool turn_taken_ = false;      // guarded by queue_mutex_
  bool checkpoint_due_ = false;  // guarded by queue_mutex_
  bool checkpointing_ = false;   // guarded by queue_mutex_

  // Of who has the turn.
  bool broken_ = false;  // the state is of no use: load anew
  bool made_due_ = false;
  bool met_others_ = false;
  std::chrono::steady_clock::time_point looked_at_;
};

}  // namespace bl::lake
