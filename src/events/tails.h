#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>

#include "base/metrics.h"

/// Those who follow a log over HTTP: each holds one of the server's workers, so they are counted.
namespace bl::events {

struct TailLimits {
  std::size_t tails_max = 16;                 ///< more are answered 503
  std::chrono::milliseconds poll_every{500};  ///< the log is asked what others appended
  /// Between two looks at the log, however much it grows. To look publishes what waits: of a Delta
  /// table this is its pause between flushes, so that it does not get a commit for each append.
  std::chrono::milliseconds pause_min{20};
  std::chrono::milliseconds heartbeat_every{15'000};  ///< something is sent, also when nothing is
  std::size_t page_events_max = 1'000;                ///< read from the log at once
};

/// Threads: any.
class Tails {
 public:
  Tails(const TailLimits& limits, Metrics& metrics);
  Tails(const Tails&) = delete;
  Tails& operator=(const Tails&) = delete;

  const TailLimits& limits() const { return limits_; }
  /// Ends those that run, and lets none begin. Idempotent.
  void stop();

  // -- the routes' side

  /// A place; leave() gives it back. False: all are taken, or the server stops.
  bool enter();
  void leave();
  /// The log has grown.
  void wake();
  /// How often wake() was called; for wait().
  std::uint64_t grown() const;
  /// Until the log has grown since `seen`, `time` has passed, or the server stops: then false.
  bool wait(std::uint64_t seen, std::chrono::milliseconds time);
  /// Until `time` has passed, or the server stops: then false.
  bool pause(std::chrono::milliseconds time);

 private:
  const TailLimits limits_;
  Gauge running_gauge_;
  Counter refused_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t running_ = 0;  // guarded by mutex_
  std::uint64_t grown_ = 0;  // guarded by mutex_
  bool is_stopped_ = false;  // guarded by mutex_
};

}  // namespace bl::events
