#pragma once

#include <duckdb.h>

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

/// Interrupts queries: those that take too long, and those that somebody wants ended. The engine
/// forgets an interrupt that comes before a query has begun, so it is said again every 10 ms until
/// the query is over. Threads: any. Its own thread starts with the first need. Private to this
/// folder.
namespace bl::duck {

class Watchdog {
 public:
  enum class End { none, expired, cancelled };
  using Instant = std::chrono::steady_clock::time_point;

  Watchdog() = default;
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  /// A query of that connection begins; one at a time each.
  void begin(duckdb_connection connection, std::optional<Instant> deadline);
  /// It is over: after this the connection is not interrupted.
  void end(duckdb_connection connection);
  /// Ends the query that runs there now, if any.
  void cancel(duckdb_connection connection);
  /// What was done to the query that runs there now.
  End fate(duckdb_connection connection);

 private:
  struct Watched {
    std::optional<Instant> deadline;
    End end = End::none;
  };
  void start();  // mutex_ is held
  void watch();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<duckdb_connection, Watched> watched_;  // guarded by mutex_
  bool stop_ = false;                             // guarded by mutex_
  std::thread thread_;                            // started under mutex_
};

}  // namespace bl::duck
