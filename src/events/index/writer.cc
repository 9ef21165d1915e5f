#include <utility>

#include "events/index/index_impl.h"

// What goes from memory to the disk: settle() and save() hand parts over, a thread of its own
// writes them one by one and merges between them.
namespace bl::events {
namespace {

bool same(const IndexOwner& a, const IndexOwner& b) {
  return a.table_id == b.table_id && a.version == b.version && a.events == b.events;
}

}  // namespace

bool EventIndex::Impl::is_full() const {
  return settled_.events - active_->first() >= limits_.segment_events ||
         active_->memory_bytes() >= limits_.memory_bytes_max;
}

Result<void> EventIndex::Impl::settle(const IndexOwner& owner) {
  if (owner.table_id != table_id_)
    return Error{Code::invalid, "the index is of another table than " + owner.table_id};
  if (owner.events < settled_.events || owner.events > events())
    return Error{Code::invalid,
                 "the index has no such events to settle: " + std::to_string(owner.events)};
  {
    const auto lock = lock_alone();
    settled_ = owner;
    entities_.settle(owner.events);
  }
  memory_.set(static_cast<double>(memory_bytes()));
  if (is_full() && settled_.events > active_->first()) {
    BL_RETURN_IF_ERROR(wait_for_room(limits_.unwritten_max));
    freeze();
    return {};
  }
  return try_again();
}

// What could not be written is written now, or the call that was to bring more is told why not.
Result<void> EventIndex::Impl::try_again() {
  std::unique_lock lock(work_mutex_);
  if (!failure_) return {};
  const std::size_t unwritten = work_.size();
  lock.unlock();
  return wait_for_room(unwritten);
}

void EventIndex::Impl::freeze() {
  Work work;
  work.owner = settled_;
  {
    const auto lock = lock_alone();
    work.changes = entities_.take_changes(settled_.events);
    auto tail = active_->copy_from(settled_.events);
    active_->truncate_to(settled_.events);
    work.part = std::shared_ptr<const MemoryPart>(std::exchange(active_, std::move(tail)));
    frozen_.push_back(work.part);
  }
  hand_over(std::move(work));
}

void EventIndex::Impl::hand_over(Work work) {
  const std::lock_guard lock(work_mutex_);
  work_.push_back(std::move(work));
  work_changed_.notify_all();
}

Result<void> EventIndex::Impl::wait_for_room(std::size_t unwritten_max) {
  std::unique_lock lock(work_mutex_);
  failure_.reset();  // the writer tries again
  work_changed_.notify_all();
  work_changed_.wait(lock, [&] { return failure_ || work_.size() < unwritten_max; });
  if (failure_) return *failure_;
  return {};
}

Result<void> EventIndex::Impl::save() {
  if (settled_.events > active_->first()) {
    BL_RETURN_IF_ERROR(wait_for_room(limits_.unwritten_max));
    freeze();
  } else {
    const auto lock = lock_shared();
    const bool is_new = frozen_.empty() && !same(state_->owner, settled_);
    if (is_new) hand_over({nullptr, {}, settled_});
  }
  return wait_for_room(1);
}

void EventIndex::Impl::run_writer() {
  std::unique_lock lock(work_mutex_);
  for (bool may_merge = true;;) {
    const bool has_work = !work_.empty() && !failure_;
    if (has_work) {
      const Work& work = work_.front();  // stays where it is: a deque, and only we take from it
      lock.unlock();
      auto written = write(work);
      lock.lock();
      if (written.ok()) {
        work_.pop_front();
      } else {
        failures_.add();
        failure_ = written.error();
      }
      may_merge = true;
      work_changed_.notify_all();
    } else if (is_stopping_) {
      return;
    } else if (may_merge) {
      lock.unlock();
      const auto merged = merge();
      lock.lock();
      if (!merged.ok()) failures_.add();  // after the next segment again
      may_merge = merged.ok() && *merged;
    } else {
      work_changed_.wait(lock);
    }
  }
}

Result<void> EventIndex::Impl::write(const Work& work) {
  if (is_damaged()) return Error{Code::corrupt, "the index is damaged and must be opened anew"};
  BL_TRY(auto state, folder_.write(*state_, work.part.get(), work.changes, work.owner));
  if (work.part) segments_.add();
  publish(std::move(state), work.part != nullptr);
  return {};
}

Result<bool> EventIndex::Impl::merge() {
  if (is_damaged() || state_->keys.size() <= limits_.segments_max) return false;
  const std::size_t files = std::max<std::size_t>(2, limits_.segments_max / 2);
  auto state = folder_.merge(*state_, files, limits_.rows_file_bytes);
  if (!state.ok()) return damaged(std::move(state).error());
  merges_.add();
  publish(*std::move(state), false);
  return true;
}

void EventIndex::Impl::publish(std::shared_ptr<const DiskState> state, bool drops_oldest) {
  if (is_damaged()) folder_.disown();         // seen while this was written
  std::shared_ptr<const MemoryPart> dropped;  // goes when the lock is free again
  const auto lock = lock_alone();
  state_.swap(state);
  if (!drops_oldest) return;
  dropped = std::move(frozen_.front());
  frozen_.erase(frozen_.begin());
}

}  // namespace bl::events
