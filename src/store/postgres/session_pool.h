#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "store/postgres/session.h"
#include "store/store_metrics.h"

namespace bl::store {

/// Connections of one kind, opened when first needed, at most `sessions_max`. One that was idle for
/// long is asked before it is lent; one that is old or broke is replaced.
class SessionPool {
 public:
  SessionPool(Link::Keywords keywords, std::size_t sessions_max, const DatabaseLimits& limits,
              StoreMetrics metrics)
      : keywords_(std::move(keywords)),
        sessions_max_(sessions_max),
        limits_(limits),
        metrics_(metrics) {}
  ~SessionPool();
  SessionPool(const SessionPool&) = delete;
  SessionPool& operator=(const SessionPool&) = delete;

  /// A session that goes back to its pool. One that is not usable any more is closed.
  class Lease {
   public:
    Lease(SessionPool& pool, std::unique_ptr<PostgresSession> session)
        : pool_(&pool), session_(std::move(session)) {}
    Lease(Lease&&) = default;
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
      if (session_ != nullptr) pool_->release(std::move(session_));
    }
    PostgresSession* operator->() { return session_.get(); }
    PostgresSession& operator*() { return *session_; }

   private:
    SessionPool* pool_;
    std::unique_ptr<PostgresSession> session_;
  };
  /// Errors: overloaded (none became free within read_wait_ms_max), those of connecting.
  Result<Lease> acquire();
  /// Closes those that are idle: after the server went, they are all dead.
  void forget_idle();

 private:
  using Clock = std::chrono::steady_clock;
  struct Idle {
    std::unique_ptr<PostgresSession> session;
    Clock::time_point since;
  };
  Result<std::unique_ptr<PostgresSession>> take_or_open();
  void release(std::unique_ptr<PostgresSession> session);

  const Link::Keywords keywords_;
  const std::size_t sessions_max_;
  const DatabaseLimits limits_;
  StoreMetrics metrics_;

  std::mutex mutex_;
  std::condition_variable freed_;
  std::vector<Idle> idle_;  // guarded by mutex_
  std::size_t lent_ = 0;    // guarded by mutex_
};

}  // namespace bl::store
