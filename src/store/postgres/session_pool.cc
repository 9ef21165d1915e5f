#include "store/postgres/session_pool.h"

namespace bl::store {

SessionPool::~SessionPool() {
  const std::lock_guard lock(mutex_);
  BL_CHECK(lent_ == 0);
  metrics_.connections.add(-static_cast<double>(idle_.size()));
}

Result<SessionPool::Lease> SessionPool::acquire() {
  {
    std::unique_lock lock(mutex_);
    const auto is_free = [&] { return lent_ < sessions_max_; };
    if (!is_free()) {
      metrics_.reader_waits.add();
      const std::chrono::milliseconds wait(limits_.read_wait_ms_max);
      if (!freed_.wait_for(lock, wait, is_free)) {
        metrics_.read_wait_limit.add();
        return Error(Code::overloaded, "no connection to PostgreSQL became free in ms: " +
                                           std::to_string(limits_.read_wait_ms_max));
      }
    }
    ++lent_;
  }
  auto session = take_or_open();
  if (!session.ok()) {
    release(nullptr);
    return std::move(session).error();
  }
  return Lease(*this, std::move(session).value());
}

Result<std::unique_ptr<PostgresSession>> SessionPool::take_or_open() {
  for (;;) {
    Idle idle;
    {
      const std::lock_guard lock(mutex_);
      if (idle_.empty()) break;
      idle = std::move(idle_.back());
      idle_.pop_back();
    }
    const auto now = Clock::now();
    const bool is_old =
        now - idle.session->opened_at() > std::chrono::milliseconds(limits_.connection_age_ms_max);
    const bool is_unsure = now - idle.since > std::chrono::milliseconds(limits_.idle_ping_ms);
    if (!is_old && !is_unsure) return std::move(idle.session);
    const bool is_dead = !is_old && !idle.session->ping();
    if (!is_old && !is_dead) return std::move(idle.session);
    metrics_.connections.add(-1);
    // The others idle for longer: asking each would wait as long for each.
    if (is_dead) forget_idle();
  }
  BL_TRY(auto opened, PostgresSession::open(keywords_, limits_));
  metrics_.connections.add(1);
  return opened;
}

void SessionPool::release(std::unique_ptr<PostgresSession> session) {
  if (session != nullptr && !session->is_usable()) {
    metrics_.connections.add(-1);
    metrics_.connections_lost.add();
    session.reset();
  }
  {
    const std::lock_guard lock(mutex_);
    --lent_;
    if (session != nullptr) idle_.push_back({std::move(session), Clock::now()});
  }
  freed_.notify_one();
}

void SessionPool::forget_idle() {
  std::vector<Idle> forgotten;
  {
    const std::lock_guard lock(mutex_);
    forgotten.swap(idle_);
  }
  metrics_.connections.add(-static_cast<double>(forgotten.size()));
}

}  // namespace bl::store
