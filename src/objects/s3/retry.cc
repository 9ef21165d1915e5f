#include "objects/s3/retry.h"

#include <algorithm>

namespace bl::objects {
namespace {

Counter hits(Metrics& metrics, const char* limit) {
  return metrics.counter("bl_objects_limit_hits_total",
                         "times that a limit of an object store was reached", {{"limit", limit}});
}

}  // namespace

RetryMetrics::RetryMetrics(Metrics& metrics)
    : requests(metrics.counter("bl_objects_s3_requests_total", "requests sent to S3")),
      retries(
          metrics.counter("bl_objects_s3_retries_total", "requests to S3 that were sent again")),
      attempts_hits(hits(metrics, "attempts_max")),
      time_hits(hits(metrics, "call_time_max")),
      token_hits(hits(metrics, "retry_tokens_max")) {}

bool RetryTokens::take() {
  std::lock_guard lock(mutex_);
  if (left_ < cost_) return false;
  left_ -= cost_;
  return true;
}

void RetryTokens::give_back() {
  std::lock_guard lock(mutex_);
  left_ = std::min(left_ + 1, max_);
}

Attempts::Attempts(const S3Limits& limits, RetryTokens& tokens, RetryMetrics& metrics,
                   const Clock& clock, Random& random, const Wait& wait)
    : limits_(limits),
      tokens_(tokens),
      metrics_(metrics),
      clock_(clock),
      random_(random),
      wait_(wait),
      deadline_(clock.steady_now() + limits.call_time_max) {}

std::chrono::milliseconds Attempts::next_pause(std::chrono::milliseconds asked_for) {
  auto most = limits_.first_wait;
  for (int i = 1; i < made_ && most < limits_.wait_max; ++i) most *= 2;
  most = std::min(most, limits_.wait_max);
  const auto half = most.count() / 2;
  const auto chance = random_.below(static_cast<std::uint64_t>(most.count() - half) + 1);
  const std::chrono::milliseconds pause(half + static_cast<std::int64_t>(chance));
  return std::max(pause, std::min(asked_for, limits_.wait_max));
}

Result<bool> Attempts::again(std::chrono::milliseconds asked_for) {
  if (made_ >= limits_.attempts_max) {
    metrics_.attempts_hits.add();
    return false;
  }
  const auto pause = next_pause(asked_for);
  if (clock_.steady_now() + pause > deadline_) {
    metrics_.time_hits.add();
    return false;
  }
  if (!tokens_.take()) {
    metrics_.token_hits.add();
    return false;
  }
  if (!wait_(pause)) return Error{Code::cancelled, "the program is stopping"};
  ++made_;
  metrics_.retries.add();
  return true;
}

}  // namespace bl::objects
