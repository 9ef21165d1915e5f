#pragma once

#include <cstdint>
#include <mutex>
#include <string_view>
#include <unordered_map>

#include "base/metrics.h"
#include "base/time.h"

/// How often something may happen for one key: a burst at once, then a steady rate. In memory, of
/// this process alone.
namespace bl::access {

struct Rate {
  double burst = 1;       ///< at once, after a long pause
  double per_minute = 1;  ///< then
};

/// Threads: any. Memory: at most keys_max times some 50 bytes; keys that have all of their burst
/// left are forgotten.
class RateLimiter {
 public:
  RateLimiter(const Clock& clock, Rate rate, std::size_t keys_max = 100'000)
      : clock_(clock), rate_(rate), keys_max_(keys_max) {}
  /// False when the key has none left, or too many other keys are in use.
  bool take(std::string_view key);
  /// What was taken in vain.
  void give_back(std::string_view key);

 private:
  using Instant = std::chrono::steady_clock::time_point;
  struct Bucket {
    double left;
    Instant at;
  };
  double left_of(const Bucket& bucket, Instant now) const;
  bool make_room(Instant now);

  const Clock& clock_;
  const Rate rate_;
  const std::size_t keys_max_;
  std::mutex mutex_;
  std::unordered_map<std::uint64_t, Bucket> buckets_;  // by hash of the key; guarded by mutex_
  Instant swept_at_{};                                 // guarded by mutex_
};

/// Times that a limit of access was reached; `limit` is the member's name.
Counter limit_counter(Metrics& metrics, const char* limit);

}  // namespace bl::access
