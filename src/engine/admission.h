#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>

#include "base/metrics.h"
#include "engine/engine.h"

/// How many queries run at once, and how many may wait for it.
namespace bl::engine {

struct AdmissionLimits {
  std::size_t running_max = 4;
  std::size_t waiting_max = 16;  ///< more are refused at once
};

/// Places, given in the order of asking. Threads: any. Outlives its places.
class Admission {
 public:
  using Instant = std::chrono::steady_clock::time_point;

  /// `engine`: the label of its metrics.
  Admission(AdmissionLimits limits, Metrics& metrics, const char* engine);
  Admission(const Admission&) = delete;
  Admission& operator=(const Admission&) = delete;

  /// Held while a query runs.
  class Place {
   public:
    Place(Place&& other) noexcept : admission_(std::exchange(other.admission_, nullptr)) {}
    Place& operator=(Place&&) = delete;
    ~Place() {
      if (admission_ != nullptr) admission_->leave();
    }

   private:
    friend class Admission;
    explicit Place(Admission& admission) : admission_(&admission) {}
    Admission* admission_;
  };

  /// Errors: overloaded (waiting_max are waiting, or no place came free by the deadline),
  /// cancelled.
  Result<Place> enter(Instant deadline, QueryControl& control);

 private:
  void leave();
  void show();  // needs mutex_

  const AdmissionLimits limits_;
  Gauge running_gauge_;
  Gauge waiting_gauge_;
  Counter refused_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t running_ = 0;            // guarded by mutex_
  std::deque<std::uint64_t> waiting_;  // guarded by mutex_; the first is next
  std::uint64_t next_ = 0;             // guarded by mutex_
};

}  // namespace bl::engine
