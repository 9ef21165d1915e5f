#include "results/reads/breaker.h"

namespace bl::results::reads {

bool Breaker::allows(std::chrono::steady_clock::time_point now) {
  if (!open_) return true;
  if (now < closes_at_ || is_trying_) return false;
  is_trying_ = true;
  return true;
}

bool Breaker::ended(std::chrono::steady_clock::time_point now, bool failed,
                    std::chrono::microseconds took) {
  const bool slow = took > limits_.slow_from;
  if (is_trying_) {
    is_trying_ = false;
    open_ = failed || slow;
    failed_.reset();
    slow_.reset();
  } else if (!open_) {
    failed_[next_] = failed;
    slow_[next_] = slow;
    next_ = (next_ + 1) % k_window;
    open_ = failed_.count() > limits_.failures_max || slow_.count() > limits_.slow_max;
  } else {
    return false;  // began before it opened
  }
  if (open_) closes_at_ = now + limits_.pause;
  return open_;
}

}  // namespace bl::results::reads
