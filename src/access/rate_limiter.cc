#include "access/rate_limiter.h"

#include <algorithm>
#include <chrono>

#include "base/hash.h"

namespace bl::access {
namespace {

constexpr std::chrono::seconds k_sweep_pause{1};

}  // namespace

double RateLimiter::left_of(const Bucket& bucket, Instant now) const {
  const double minutes = std::chrono::duration<double, std::ratio<60>>(now - bucket.at).count();
  return std::min(rate_.burst, bucket.left + minutes * rate_.per_minute);
}

bool RateLimiter::make_room(Instant now) {
  if (buckets_.size() < keys_max_) return true;
  if (now - swept_at_ < k_sweep_pause) return false;
  swept_at_ = now;
  std::erase_if(buckets_,
                [&](const auto& item) { return left_of(item.second, now) >= rate_.burst; });
  return buckets_.size() < keys_max_;
}

bool RateLimiter::take(std::string_view key) {
  const std::uint64_t hash = xxh3_64(key);
  const Instant now = clock_.steady_now();
  std::lock_guard lock(mutex_);
  auto found = buckets_.find(hash);
  if (found == buckets_.end()) {
    if (!make_room(now)) return false;
    found = buckets_.emplace(hash, Bucket{rate_.burst, now}).first;
  }
  Bucket& bucket = found->second;
  bucket = {left_of(bucket, now), now};
  if (bucket.left < 1) return false;
  bucket.left -= 1;
  return true;
}

void RateLimiter::give_back(std::string_view key) {
  std::lock_guard lock(mutex_);
  const auto found = buckets_.find(xxh3_64(key));
  if (found != buckets_.end()) found->second.left = std::min(rate_.burst, found->second.left + 1);
}

Counter limit_counter(Metrics& metrics, const char* limit) {
  return metrics.counter("bl_access_limit_hits_total", "times that a limit of access was reached",
                         {{"limit", limit}});
}

}  // namespace bl::access
