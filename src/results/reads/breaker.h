#pragma once

#include <bitset>
#include <chrono>
#include <cstddef>

namespace bl::results::reads {

struct BreakerLimits {
  std::size_t failures_max = 10;  ///< of the last k_window reads: more open it
  std::size_t slow_max = 5;       ///< likewise of reads that took longer than:
  std::chrono::milliseconds slow_from{2'000};
  std::chrono::seconds pause{60};  ///< so long the store answers
};

/// Decides when the lake is not asked any more for a while: when it failed, or was slow, too often
/// among the last reads. After the pause one read tries it; that one's outcome opens or closes.
/// Pure; one thread at a time.
class Breaker {
 public:
  explicit Breaker(const BreakerLimits& limits = {}) : limits_(limits) {}

  /// Whether this read may ask the lake.
  bool allows(std::chrono::steady_clock::time_point now);
  /// Gives true when this opened it.
  bool ended(std::chrono::steady_clock::time_point now, bool failed,
             std::chrono::microseconds took);
  bool is_open() const { return open_; }
  static constexpr std::size_t k_window = 100;

 private:
  const BreakerLimits limits_;
  std::bitset<k_window> failed_, slow_;  // rings of the last reads
  std::size_t next_ = 0;
  bool open_ = false;
  bool is_trying_ = false;
  std::chrono::steady_clock::time_point closes_at_;
};

}  // namespace bl::results::reads
