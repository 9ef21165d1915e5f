#pragma once

#include <mutex>
#include <shared_mutex>

namespace bl::events::delta {

/// A shared mutex at which a writer that waits keeps new readers out, so that it is never starved.
class Gate {
 public:
  void lock_shared() {
    const std::lock_guard turn(turn_);
    mutex_.lock_shared();
  }
  void unlock_shared() { mutex_.unlock_shared(); }
  void lock() {
    const std::lock_guard turn(turn_);
    mutex_.lock();
  }
  void unlock() { mutex_.unlock(); }

 private:
  std::mutex turn_;
  std::shared_mutex mutex_;
};

}  // namespace bl::events::delta
