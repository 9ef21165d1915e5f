#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/metrics.h"

/// Threads for handlers, which may block. They are started when work waits and none is idle, up to
/// a limit, and stay; the one that went idle last works first, so that few are awake and warm.
namespace bl::net {

class Job {
 public:
  virtual ~Job() = default;
  /// On a worker thread.
  virtual void run() = 0;
  /// Instead of run() when the pool stops first; on the thread that stops it.
  virtual void drop() = 0;
};

/// Threads: any, but stop() belongs to the owner.
class WorkerPool {
 public:
  WorkerPool(std::size_t workers_max, std::size_t queue_max, Gauge queue_length);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  /// False when queue_max jobs wait already, or after stop(): the job is not taken.
  bool submit(std::shared_ptr<Job> job);
  /// Waiting jobs are dropped, running ones finish; the threads are joined. Idempotent.
  void stop();
  std::size_t threads() const;

 private:
  // A thread that waits for work; on its own stack.
  struct Idle {
    std::condition_variable called;
    std::shared_ptr<Job> job;
    bool is_called = false;
  };
  void work(std::shared_ptr<Job> first);

  const std::size_t workers_max_;
  const std::size_t queue_max_;
  Gauge queue_length_;
  mutable std::mutex mutex_;
  std::deque<std::shared_ptr<Job>> queue_;  // guarded by mutex_, as are the next ones
  std::vector<Idle*> idle_;
  std::vector<std::thread> threads_;
  bool stopped_ = false;
};

}  // namespace bl::net
