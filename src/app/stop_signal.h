#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace bl::app {

/// Pauses that end when the program stops. Threads: any.
class StopSignal {
 public:
  /// False when the program is stopping: the caller gives up.
  bool pause(std::chrono::milliseconds time) {
    std::unique_lock lock(mutex_);
    return !changed_.wait_for(lock, time, [this] { return stopping_; });
  }
  void stop() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;  // guarded by mutex_
};

}  // namespace bl::app
