#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace bl::app {

/// Runs a function on a thread of its own, again and again, with a pause between; ends when
/// destroyed (a running call is waited for). `work` gives true when there is more to do at once.
class PeriodicTask {
 public:
  PeriodicTask(std::chrono::milliseconds pause, std::function<bool()> work)
      : thread_([this, pause, work = std::move(work)] { loop(pause, work); }) {}
  ~PeriodicTask() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    thread_.join();
  }
  PeriodicTask(const PeriodicTask&) = delete;
  PeriodicTask& operator=(const PeriodicTask&) = delete;

 private:
  void loop(std::chrono::milliseconds pause, const std::function<bool()>& work) {
    std::unique_lock lock(mutex_);
    while (!stopping_) {
      lock.unlock();
      const bool more = work();
      lock.lock();
      if (!more) wake_.wait_for(lock, pause, [this] { return stopping_; });
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;  // guarded by mutex_
  std::thread thread_;     // last: starts when the others are there
};

}  // namespace bl::app
