#include "inference/ingest/sweep_queue.h"

#include <algorithm>

namespace bl::inference {

bool SweepQueue::put(Item item) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return closed_ || bytes_ == 0 || bytes_ + item.bytes <= bytes_max_; });
  if (closed_) return false;
  bytes_ += item.bytes;
  waiting_.push_back(std::move(item));
  lock.unlock();
  changed_.notify_all();
  return true;
}

std::optional<SweepQueue::Item> SweepQueue::take() {
  std::unique_lock lock(mutex_);
  auto next = waiting_.end();
  changed_.wait(lock, [&] {
    next = std::find_if(waiting_.begin(), waiting_.end(),
                        [this](const Item& item) { return !written_now_.contains(item.run); });
    return closed_ || next != waiting_.end() || (finished_ && waiting_.empty());
  });
  if (closed_ || next == waiting_.end()) return std::nullopt;
  Item item = std::move(*next);
  waiting_.erase(next);
  written_now_.insert(item.run);
  return item;
}

void SweepQueue::done(std::size_t run, std::uint64_t bytes) {
  {
    const std::lock_guard lock(mutex_);
    written_now_.erase(run);
    bytes_ -= bytes;
  }
  changed_.notify_all();
}

void SweepQueue::finish() {
  {
    const std::lock_guard lock(mutex_);
    finished_ = true;
  }
  changed_.notify_all();
}

void SweepQueue::close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    waiting_.clear();
  }
  changed_.notify_all();
}

}  // namespace bl::inference
