#include "store/sqlite/group_writer.h"

#include <chrono>

namespace bl::store {
namespace {

// From this many times checkpoint_wal_bytes on the writer waits for readers, so that the WAL can
// start over although there is always one that reads.
constexpr std::int64_t k_restart_factor = 4;

}  // namespace

Result<std::unique_ptr<GroupWriter>> GroupWriter::open(const std::string& path,
                                                       const DatabaseLimits& limits, Log& log,
                                                       StoreMetrics metrics) {
  BL_TRY(auto session, Session::open(path, Session::Role::writer, limits));
  return std::unique_ptr<GroupWriter>(
      new GroupWriter(path, limits, log, metrics, std::move(session)));
}

GroupWriter::GroupWriter(std::string path, const DatabaseLimits& limits, Log& log,
                         StoreMetrics metrics, std::unique_ptr<Session> session)
    : path_(std::move(path)),
      limits_(limits),
      log_(log),
      metrics_(metrics),
      session_(std::move(session)),
      next_restart_bytes_(k_restart_factor * limits.checkpoint_wal_bytes) {
  // What an earlier process left in the WAL.
  checkpoint(Session::CheckpointMode::truncate);
  thread_ = std::thread([this] { work_loop(); });
}

GroupWriter::~GroupWriter() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  arrived_.notify_one();
  thread_.join();
  if (session_ != nullptr) checkpoint(Session::CheckpointMode::truncate);
}

Result<void> GroupWriter::write(const Work& work, std::optional<std::int64_t> time_ms_max) {
  BL_CHECK(std::this_thread::get_id() != thread_.get_id());
  Entry entry{work, time_ms_max};
  {
    const std::lock_guard lock(mutex_);
    if (queue_.size() >= limits_.write_queue_max) {
      metrics_.queue_limit.add();
      return Error(Code::overloaded,
                   "the store's write queue is full: " + std::to_string(limits_.write_queue_max));
    }
    queue_.push_back(&entry);
    metrics_.write_queue.set(static_cast<double>(queue_.size()));
  }
  arrived_.notify_one();
  std::unique_lock lock(entry.mutex);
  entry.changed.wait(lock, [&] { return entry.done; });
  return std::move(entry.outcome);
}

void GroupWriter::work_loop() {
  while (true) {
    const Group group = take_group();
    if (!group.empty()) {
      commit_group(group);
      answer(group);
      checkpoint_by_size();
      continue;
    }
    checkpoint_when_idle();
    const std::lock_guard lock(mutex_);
    if (stopping_ && queue_.empty()) return;
  }
}

GroupWriter::Group GroupWriter::take_group() {
  std::unique_lock lock(mutex_);
  const auto ready = [&] { return stopping_ || !queue_.empty(); };
  if (has_unmoved_frames_) {
    arrived_.wait_for(lock, std::chrono::milliseconds(limits_.checkpoint_idle_ms), ready);
  } else {
    arrived_.wait(lock, ready);
  }
  const std::size_t size = std::min(queue_.size(), limits_.group_commit_max);
  const auto end = queue_.begin() + static_cast<std::ptrdiff_t>(size);
  Group group(queue_.begin(), end);
  queue_.erase(queue_.begin(), end);
  metrics_.write_queue.set(static_cast<double>(queue_.size()));
  return group;
}

void GroupWriter::commit_group(const Group& group) {
  if (needs_recovery_) {
    if (auto recovered = recover(); !recovered.ok()) return fail_all(group, recovered.error());
  }
  Group todo = group;
  while (!todo.empty()) {
    if (auto begun = session_->begin_immediate(); !begun.ok()) {
      return fail_all(todo, begun.error());
    }
    if (todo.size() == 1) {
      run_alone(*todo[0]);
      if (!todo[0]->outcome.ok()) return;
    } else {
      std::size_t culprit = 0;
      if (!run_works(todo, culprit)) {
        todo.erase(todo.begin() + static_cast<std::ptrdiff_t>(culprit));
        continue;
      }
    }
    const auto start = std::chrono::steady_clock::now();
    if (auto committed = session_->commit(); !committed.ok()) {
      return fail_all(group, commit_failed(std::move(committed).error()));
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    metrics_.commit_seconds.observe(took.count());
    metrics_.commits.add();
    metrics_.group_size.observe(static_cast<double>(todo.size()));
    metrics_.wal_bytes.set(static_cast<double>(session_->wal_bytes()));
    has_unmoved_frames_ = true;
    for (const Entry* entry : todo) metrics_.writes.add(entry->outcome.ok() ? 1 : 0);
    return;
  }
}

bool GroupWriter::run_works(const Group& group, std::size_t& culprit) {
  for (std::size_t i = 0; i < group.size(); ++i) {
    run_in_savepoint(*group[i]);
    if (session_->in_transaction()) continue;
    if (group[i]->outcome.ok()) {
      group[i]->outcome = Error(Code::internal, "a work ended the transaction that it ran in");
    }
    culprit = i;
    return false;
  }
  return true;
}

void GroupWriter::run_in_savepoint(Entry& entry) {
  entry.outcome = session_->savepoint();
  if (!entry.outcome.ok()) return session_->rollback();
  entry.outcome = session_->run(entry.work, entry.time_ms_max);
  count_time_limit(entry);
  if (!session_->in_transaction()) return;
  const auto closed =
      entry.outcome.ok() ? session_->release_savepoint() : session_->rollback_to_savepoint();
  // A savepoint that does not close leaves an unknown state: give up the whole transaction.
  if (closed.ok()) return;
  entry.outcome = closed.error();
  session_->rollback();
}

void GroupWriter::run_alone(Entry& entry) {
  entry.outcome = session_->run(entry.work, entry.time_ms_max);
  count_time_limit(entry);
  if (entry.outcome.ok() && !session_->in_transaction()) {
    entry.outcome = Error(Code::internal, "a work ended the transaction that it ran in");
  }
  if (!entry.outcome.ok()) session_->rollback();
}

void GroupWriter::count_time_limit(const Entry& entry) {
  if (!entry.outcome.ok() && entry.outcome.error().code == Code::timeout) {
    metrics_.write_time_limit.add();
  }
}

Error GroupWriter::commit_failed(Error error) {
  session_->rollback();
  needs_recovery_ = true;
  // What did not fit has no commit mark in the log, for the mark is written last: nothing can bring
  // it back. And a full disk has no room for a seal.
  needs_seal_ = needs_seal_ || error.code != Code::disk_full;
  log_.error("store_commit_failed", {{"error", error.message}});
  if (recover().ok()) return error;
  return Error(Code::outcome_unknown,
               "the commit failed and so did the recovery; whether the write is kept shows once "
               "the store works again: " +
                   error.message);
}

Result<void> GroupWriter::recover() {
  if (needs_seal_ && session_ != nullptr && session_->seal().ok()) needs_seal_ = false;
  session_.reset();
  BL_TRY(session_, Session::open(path_, Session::Role::writer, limits_));
  if (needs_seal_) BL_RETURN_IF_ERROR(session_->seal());
  needs_seal_ = false;
  needs_recovery_ = false;
  log_.info("store_recovered", {{"path", path_}});
  return {};
}

void GroupWriter::fail_all(const Group& group, const Error& error) {
  for (Entry* entry : group) entry->outcome = error;
}

void GroupWriter::answer(const Group& group) {
  for (Entry* entry : group) {
    // The entry lives on its caller's stack, who may go as soon as the lock is free.
    const std::lock_guard lock(entry->mutex);
    entry->done = true;
    entry->changed.notify_one();
  }
}

void GroupWriter::checkpoint_by_size() {
  if (needs_recovery_ || session_->wal_bytes() < limits_.checkpoint_wal_bytes) {
    next_restart_bytes_ = k_restart_factor * limits_.checkpoint_wal_bytes;
    return;
  }
  if (session_->wal_bytes() < next_restart_bytes_) {
    return checkpoint(Session::CheckpointMode::passive);
  }
  // A reader that outlasts the wait is asked again when the WAL has grown by as much.
  next_restart_bytes_ = session_->wal_bytes() + limits_.checkpoint_wal_bytes;
  checkpoint(Session::CheckpointMode::restart);
}

void GroupWriter::checkpoint_when_idle() {
  if (!has_unmoved_frames_ || needs_recovery_) return;
  has_unmoved_frames_ = false;
  checkpoint(Session::CheckpointMode::passive);
}

void GroupWriter::checkpoint(Session::CheckpointMode mode) {
  const auto done = session_->checkpoint(mode, limits_.checkpoint_wait_ms_max);
  metrics_.wal_bytes.set(static_cast<double>(session_->wal_bytes()));
  if (done.ok()) return metrics_.checkpoints.add();
  metrics_.checkpoints_failed.add();
  // Readers that do not go are no fault; anything else is.
  const bool is_waiting = done.error().code == Code::overloaded;
  log_.write(is_waiting ? LogLevel::debug : LogLevel::warning, "store_checkpoint_failed",
             {{"error", done.error().message}});
}

}  // namespace bl::store
