#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace bl::inference {

/// Bytes that several threads share; who wants more than is left waits. A wish beyond the whole is
/// granted when nobody else has any. Threads: any.
class ByteBudget {
 public:
  explicit ByteBudget(std::uint64_t bytes) : whole_(bytes), left_(bytes) {}

  /// Held while alive.
  class Share {
   public:
    Share(ByteBudget& budget, std::uint64_t bytes)
        : budget_(budget), bytes_(std::min(bytes, budget.whole_)) {
      std::unique_lock lock(budget_.mutex_);
      budget_.freed_.wait(lock, [this] { return budget_.left_ >= bytes_; });
      budget_.left_ -= bytes_;
    }
    ~Share() {
      {
        const std::lock_guard lock(budget_.mutex_);
        budget_.left_ += bytes_;
      }
      budget_.freed_.notify_all();
    }
    Share(const Share&) = delete;
    Share& operator=(const Share&) = delete;

   private:
    ByteBudget& budget_;
    const std::uint64_t bytes_;
  };

 private:
  const std::uint64_t whole_;
  std::mutex mutex_;
  std::condition_variable freed_;
  std::uint64_t left_;  // guarded by mutex_
};

}  // namespace bl::inference
