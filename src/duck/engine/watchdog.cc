#include "duck/engine/watchdog.h"

#include <algorithm>

#include "base/check.h"

namespace bl::duck {
namespace {
constexpr std::chrono::milliseconds k_again{10};
}  // namespace

Watchdog::~Watchdog() {
  {
    const std::lock_guard lock(mutex_);
    BL_CHECK(watched_.empty());
    stop_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Watchdog::begin(duckdb_connection connection, std::optional<Instant> deadline) {
  const std::lock_guard lock(mutex_);
  BL_CHECK(watched_.emplace(connection, Watched{deadline, End::none}).second);
  if (!deadline) return;
  start();
  changed_.notify_all();
}

void Watchdog::end(duckdb_connection connection) {
  const std::lock_guard lock(mutex_);
  watched_.erase(connection);
}

void Watchdog::cancel(duckdb_connection connection) {
  const std::lock_guard lock(mutex_);
  const auto at = watched_.find(connection);
  if (at == watched_.end()) return;
  if (at->second.end == End::none) at->second.end = End::cancelled;
  duckdb_interrupt(connection);
  start();
  changed_.notify_all();
}

Watchdog::End Watchdog::fate(duckdb_connection connection) {
  const std::lock_guard lock(mutex_);
  const auto at = watched_.find(connection);
  return at == watched_.end() ? End::none : at->second.end;
}

void Watchdog::start() {
  if (!thread_.joinable()) thread_ = std::thread([this] { watch(); });
}

void Watchdog::watch() {
  std::unique_lock lock(mutex_);
  while (!stop_) {
    const Instant now = std::chrono::steady_clock::now();
    std::optional<Instant> wake;
    for (auto& [connection, query] : watched_) {
      if (query.end == End::none && query.deadline && *query.deadline <= now) {
        query.end = End::expired;
      }
      std::optional<Instant> next = query.deadline;
      if (query.end != End::none) {
        duckdb_interrupt(connection);
        next = now + k_again;
      }
      if (next) wake = wake ? std::min(*wake, *next) : *next;
    }
    if (wake) {
      changed_.wait_until(lock, *wake);
    } else {
      changed_.wait(lock);
    }
  }
}

}  // namespace bl::duck
