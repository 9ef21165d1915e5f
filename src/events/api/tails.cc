#include "events/tails.h"

namespace bl::events {

Tails::Tails(const TailLimits& limits, Metrics& metrics)
    : limits_(limits),
      running_gauge_(
          metrics.gauge("bl_events_tails", "clients that follow the log of build events")),
      refused_(
          metrics.counter("bl_events_tails_refused_total",
                          "clients that wanted to follow the log when all places were taken")) {}

void Tails::stop() {
  const std::lock_guard lock(mutex_);
  is_stopped_ = true;
  changed_.notify_all();
}

bool Tails::enter() {
  const std::lock_guard lock(mutex_);
  if (is_stopped_) return false;
  if (running_ >= limits_.tails_max) {
    refused_.add();
    return false;
  }
  running_gauge_.set(static_cast<double>(++running_));
  return true;
}

void Tails::leave() {
  const std::lock_guard lock(mutex_);
  running_gauge_.set(static_cast<double>(--running_));
}

void Tails::wake() {
  const std::lock_guard lock(mutex_);
  ++grown_;
  changed_.notify_all();
}

std::uint64_t Tails::grown() const {
  const std::lock_guard lock(mutex_);
  return grown_;
}

bool Tails::wait(std::uint64_t seen, std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, time, [&] { return is_stopped_ || grown_ != seen; });
  return !is_stopped_;
}

bool Tails::pause(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  return !changed_.wait_for(lock, time, [&] { return is_stopped_; });
}

}  // namespace bl::events
