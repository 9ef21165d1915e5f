#pragma once

#include <atomic>
#include <chrono>

#include "base/time.h"

namespace bl {

/// The machine's clock, whose wall time somebody puts ahead or back while the program runs, as an
/// operator or a time server does; the steady one goes on. Threads: any.
class JumpingClock final : public Clock {
 public:
  Timestamp now() const override { return system_.now() + offset_.load(); }
  std::chrono::steady_clock::time_point steady_now() const override { return system_.steady_now(); }
  /// Away from the true time, also back.
  void jump_to(std::chrono::microseconds offset) { offset_ = offset; }

 private:
  SystemClock system_;
  std::atomic<std::chrono::microseconds> offset_ = std::chrono::microseconds(0);
};

}  // namespace bl
