#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>

#include "base/metrics.h"
#include "base/random.h"
#include "base/result.h"
#include "base/time.h"
#include "objects/limits.h"
#include "objects/world.h"

/// When a request is sent again: after a growing pause, half of which is chance, so that many
/// clients do not come back at once; as long as the call has time and the store has tokens, so that
/// a service that is down is not flooded by those who wait for it.
namespace bl::objects {

/// What is sent, and the limits that are reached.
struct RetryMetrics {
  explicit RetryMetrics(Metrics& metrics);
  Counter requests, retries, attempts_hits, time_hits, token_hits;
};

/// Tokens of a whole store: retries take them, successes give them back. Threads: any.
class RetryTokens {
 public:
  explicit RetryTokens(const S3Limits& limits)
      : max_(limits.retry_tokens_max), cost_(limits.retry_cost), left_(max_) {}
  bool take();
  void give_back();

 private:
  const std::uint32_t max_, cost_;
  std::mutex mutex_;
  std::uint32_t left_;  // guarded by mutex_
};

/// The attempts of one request. One thread.
class Attempts {
 public:
  Attempts(const S3Limits& limits, RetryTokens& tokens, RetryMetrics& metrics, const Clock& clock,
           Random& random, const Wait& wait);
  /// After an attempt that failed for the moment: waits, and says whether there is another one. The
  /// pause is at least `asked_for` (Retry-After), as far as wait_max goes. Errors: cancelled.
  Result<bool> again(std::chrono::milliseconds asked_for);

 private:
  std::chrono::milliseconds next_pause(std::chrono::milliseconds asked_for);

  const S3Limits& limits_;
  RetryTokens& tokens_;
  RetryMetrics& metrics_;
  const Clock& clock_;
  Random& random_;
  const Wait& wait_;
  const std::chrono::steady_clock::time_point deadline_;
  int made_ = 1;
};

}  // namespace bl::objects
