#include "store/sqlite/reader_pool.h"

#include <chrono>

namespace bl::store {
namespace {

Result<void> read_once(Session& session, const std::function<Result<void>(Connection&)>& work,
                       std::int64_t time_ms_max) {
  BL_RETURN_IF_ERROR(session.begin());
  auto outcome = session.run(work, time_ms_max);
  if (!session.commit().ok()) session.rollback();
  return outcome;
}

}  // namespace

ReaderPool::~ReaderPool() {
  const std::lock_guard lock(mutex_);
  BL_CHECK(lent_ == 0);
}

Result<void> ReaderPool::read(const std::function<Result<void>(Connection&)>& work) {
  auto acquired = acquire();
  if (!acquired.ok()) return std::move(acquired).error();
  std::unique_ptr<Session> session = std::move(acquired).value();
  auto outcome = read_once(*session, work, limits_.read_ms_max);
  const Code code = outcome.ok() ? Code::not_found : outcome.error().code;
  if (code == Code::timeout) metrics_.read_time_limit.add();
  // A connection that met a broken disk is not lent again.
  if (code == Code::io || code == Code::corrupt) session.reset();
  release(std::move(session));
  return outcome;
}

Result<std::unique_ptr<Session>> ReaderPool::acquire() {
  {
    std::unique_lock lock(mutex_);
    const auto is_free = [&] { return lent_ < limits_.readers; };
    if (!is_free()) {
      metrics_.reader_waits.add();
      const std::chrono::milliseconds wait(limits_.read_wait_ms_max);
      if (!freed_.wait_for(lock, wait, is_free)) {
        metrics_.read_wait_limit.add();
        return Error(Code::overloaded,
                     "no connection of the store became free for reading in ms: " +
                         std::to_string(limits_.read_wait_ms_max));
      }
    }
    ++lent_;
    if (!idle_.empty()) {
      std::unique_ptr<Session> session = std::move(idle_.back());
      idle_.pop_back();
      return session;
    }
  }
  auto opened = Session::open(path_, role_, limits_);
  if (!opened.ok()) release(nullptr);
  return opened;
}

void ReaderPool::release(std::unique_ptr<Session> session) {
  {
    const std::lock_guard lock(mutex_);
    --lent_;
    if (session != nullptr) idle_.push_back(std::move(session));
  }
  freed_.notify_one();
}

}  // namespace bl::store
