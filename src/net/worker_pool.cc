#include "net/worker_pool.h"

#include "base/check.h"

namespace bl::net {

WorkerPool::WorkerPool(std::size_t workers_max, std::size_t queue_max, Gauge queue_length)
    : workers_max_(workers_max), queue_max_(queue_max), queue_length_(queue_length) {
  BL_CHECK(workers_max > 0);
}

WorkerPool::~WorkerPool() {
  stop();
}

bool WorkerPool::submit(std::shared_ptr<Job> job) {
  std::lock_guard lock(mutex_);
  if (stopped_) return false;
  if (!idle_.empty()) {
    Idle* idle = idle_.back();
    idle_.pop_back();
    idle->job = std::move(job);
    idle->is_called = true;
    idle->called.notify_one();
    return true;
  }
  if (threads_.size() < workers_max_) {
    threads_.emplace_back([this, first = std::move(job)]() mutable { work(std::move(first)); });
    return true;
  }
  if (queue_.size() >= queue_max_) return false;
  queue_.push_back(std::move(job));
  queue_length_.set(static_cast<double>(queue_.size()));
  return true;
}

void WorkerPool::work(std::shared_ptr<Job> job) {
  Idle self;
  for (;;) {
    job->run();
    job.reset();
    std::unique_lock lock(mutex_);
    if (!queue_.empty()) {
      job = std::move(queue_.front());
      queue_.pop_front();
      queue_length_.set(static_cast<double>(queue_.size()));
      continue;
    }
    if (stopped_) return;
    self.is_called = false;
    idle_.push_back(&self);
    self.called.wait(lock, [&] { return self.is_called; });
    if (!self.job) return;
    job = std::move(self.job);
  }
}

void WorkerPool::stop() {
  std::deque<std::shared_ptr<Job>> dropped;
  std::vector<std::thread> threads;
  {
    std::lock_guard lock(mutex_);
    stopped_ = true;
    dropped.swap(queue_);
    threads.swap(threads_);
    queue_length_.set(0);
    for (Idle* idle : idle_) {
      idle->is_called = true;
      idle->called.notify_one();
    }
    idle_.clear();
  }
  for (const auto& job : dropped) job->drop();
  for (std::thread& thread : threads) thread.join();
}

std::size_t WorkerPool::threads() const {
  std::lock_guard lock(mutex_);
  return threads_.size();
}

}  // namespace bl::net
