// How an event is acknowledged.
#include <fmt/format.h>

#include <algorithm>
#include <shared_mutex>

#include "events/append_check.h"
#include "events/delta/delta_event_log.h"
#include "lake/object_journal.h"

namespace bl::events::delta {

/// The events of one append whose ids are not in the log; nobody else appends them meanwhile.
class DeltaEventLog::Claim {
 public:
  Claim(DeltaEventLog& log, std::span<const BuildEvent> events, std::vector<std::size_t> wanted)
      : log_(log), events_(events), wanted_(std::move(wanted)) {}
  ~Claim() {
    if (!is_held_) return;
    {
      const std::lock_guard lock(log_.mutex_);
      for (const std::size_t at : wanted_) log_.in_flight_.erase(events_[at].event_id);
    }
    log_.changed_.notify_all();
  }
  Claim(const Claim&) = delete;
  Claim& operator=(const Claim&) = delete;

  const std::vector<std::size_t>& wanted() const { return wanted_; }
  const BuildEvent& event(std::size_t at) const { return events_[at]; }

  // mutex_ is held.
  bool is_free() const {
    return std::none_of(wanted_.begin(), wanted_.end(), [&](std::size_t at) {
      return log_.in_flight_.contains(events_[at].event_id);
    });
  }
  void hold(std::vector<std::size_t> fresh) {
    wanted_ = std::move(fresh);
    for (const std::size_t at : wanted_) log_.in_flight_.insert(events_[at].event_id);
    is_held_ = true;
  }

  std::vector<BuildEvent> fresh() const {
    std::vector<BuildEvent> fresh;
    fresh.reserve(wanted_.size());
    for (const std::size_t at : wanted_) fresh.push_back(events_[at]);
    return fresh;
  }

 private:
  DeltaEventLog& log_;
  const std::span<const BuildEvent> events_;
  std::vector<std::size_t> wanted_;
  bool is_held_ = false;
};

Result<Appended> DeltaEventLog::append(std::span<const BuildEvent> events) {
  BL_RETURN_IF_ERROR(may_append());
  BL_RETURN_IF_ERROR(check_batch(events));
  BL_TRY(std::vector<std::size_t> firsts, first_of_each_id(events));
  std::unique_lock<std::mutex> alone;
  if (uri_.is_strict) alone = std::unique_lock(strict_);
  if (journals_ == nullptr) {
    const std::lock_guard publishing(publish_);
    BL_RETURN_IF_ERROR(refresh());
  } else {
    BL_RETURN_IF_ERROR(refresh_if_due());
  }
  Claim claimed(*this, events, std::move(firsts));
  BL_RETURN_IF_ERROR(claim(claimed));
  Appended appended;
  appended.added = static_cast<std::int64_t>(claimed.wanted().size());
  appended.repeated = static_cast<std::int64_t>(events.size()) - appended.added;
  if (appended.added == 0) return appended;
  auto fresh = std::make_shared<const std::vector<BuildEvent>>(claimed.fresh());
  if (uri_.is_strict) BL_RETURN_IF_ERROR(check_strict(*fresh));
  BL_RETURN_IF_ERROR(journals_ != nullptr ? append_to_journal(std::move(fresh))
                                          : append_to_table(std::move(fresh)));
  return appended;
}

Result<void> DeltaEventLog::may_append() {
  if (uri_.mode == LogUri::Mode::read) {
    return Error{Code::forbidden, "the log was opened for reading (mode=ro): " + uri_.shown};
  }
  {
    const std::shared_lock reading(gate_);
    const std::string why = table_->read_only(*snapshot_);
    if (!why.empty()) return Error{Code::forbidden, why + ": " + uri_.shown};
  }
  const std::lock_guard lock(mutex_);
  if (tail_.empty()) return {};
  if (tail_.bytes() > limits_.tail_bytes_max) {
    metrics_.tail_bytes_limit.add();
    return Error{Code::overloaded, fmt::format("too many bytes of events wait for the table, which "
                                               "takes none: {}",
                                               tail_.bytes())};
  }
  const auto age = world_.clock.steady_now() - tail_.records().front().at;
  if (age > limits_.tail_age_max) {
    metrics_.tail_age_limit.add();
    return Error{Code::overloaded,
                 fmt::format("events have waited for the table for too long, in seconds: {}",
                             std::chrono::duration_cast<std::chrono::seconds>(age).count())};
  }
  return {};
}

// Whoever has an id in flight is waited for: it may be in the log then, or not.
Result<void> DeltaEventLog::claim(Claim& claim) {
  for (;;) {
    std::shared_lock reading(gate_);
    if (!is_index_sound()) {
      reading.unlock();
      BL_RETURN_IF_ERROR(mend());
      continue;
    }
    std::unique_lock lock(mutex_);
    if (claim.is_free()) {
      std::vector<std::size_t> fresh;
      for (const std::size_t at : claim.wanted()) {
        const BuildEvent& event = claim.event(at);
        const auto place = index_->place_of(event.event_id);
        if (!place) {
          fresh.push_back(at);
          continue;
        }
        const auto there = index_->event_at(*place);
        if (index_->is_damaged()) break;
        if (!there.ok()) return there.error();
        if (*there != event) return conflict_of(event.event_id);
      }
      if (index_->is_damaged()) continue;
      claim.hold(std::move(fresh));
      return {};
    }
    // Not while the gate is held: the one in flight needs it.
    reading.unlock();
    changed_.wait(lock);
  }
}

Result<void> DeltaEventLog::check_strict(std::span<const BuildEvent> events) {
  const std::shared_lock reading(gate_);
  if (index_error_) return *index_error_;
  StrictLookups lookups;
  lookups.build_request =
      [&](std::string_view id) -> Result<std::optional<Known<BuildRequestStatus>>> {
    return index_->build_status(id);
  };
  lookups.partition = [&](std::string_view ref) -> Result<std::optional<Known<PartitionStatus>>> {
    const auto state = index_->latest_partition_status(ref);
    if (!state) return std::optional<Known<PartitionStatus>>();
    return std::optional(Known<PartitionStatus>{state->status, state->timestamp});
  };
  lookups.job_run = [&](std::string_view run) -> Result<std::optional<Known<JobStatus>>> {
    return index_->job_status(run);
  };
  StrictCheck check(std::move(lookups));
  for (const BuildEvent& event : events) BL_RETURN_IF_ERROR(check.add(event));
  return {};
}

Result<void> DeltaEventLog::append_to_journal(KnownEvents events) {
  std::string record;
  for (const BuildEvent& event : *events) append_record(record, event);
  const std::shared_lock appending(journal_);
  if (journal_is_lost_) {
    return Error{Code::unavailable, "this process' journal was taken over: append again"};
  }
  const auto ack = journals_->own().append(record, journals_->key_of(record));
  if (!ack.ok()) {
    if (!lake::is_sealed(ack.error())) return ack.error();
    journal_is_lost_ = true;
    return Error{Code::unavailable, "this process' journal was taken over: append again"};
  }
  // Under the key of a journal before, it is in the table, or on its way there by others.
  if (!ack->journal.empty()) return {};
  take_record({ack->no, std::move(events), record.size(), world_.clock.steady_now()});
  return {};
}

void DeltaEventLog::take_record(TailRecord record) {
  const KnownEvents events = record.events;
  bool is_due = false;
  {
    const std::shared_lock reading(gate_);
    const std::lock_guard lock(mutex_);
    if (!tail_.add(std::move(record))) return;
    is_due = tail_.events() >= uri_.flush_events || tail_.bytes() >= limits_.flush_bytes;
    if (is_due) wake_ = true;
    // An index that fails answers nothing until it is built anew, from the table and the tail.
    if (is_index_sound()) (void)kept(index_->add(*events)).ok();
    metrics_.tail_events.set(static_cast<double>(tail_.events()));
    metrics_.tail_bytes.set(static_cast<double>(tail_.bytes()));
  }
  if (is_due) changed_.notify_all();
}

Result<void> DeltaEventLog::append_to_table(KnownEvents events) {
  BL_TRY(lake::DeltaFile file, table_->write(*events));
  {
    const std::lock_guard lock(mutex_);
    known_[file.path] = events;
  }
  lake::DeltaAppend append;
  append.files.push_back(file);
  append.note.metrics["numOutputRows"] = std::to_string(events->size());
  const auto committed = table_->log().append(std::move(append));
  Result<void> done;
  if (!committed.ok()) {
    done = committed.error();
    if (committed.error().code != Code::outcome_unknown) table_->discard(file.path);
  } else {
    metrics_.flushes.add();
    metrics_.flushed_events.add(static_cast<double>(events->size()));
    const std::lock_guard publishing(publish_);
    // It is in the table: what fails here, the next one who asks is told.
    if (!refresh().ok()) refreshed_at_ = 0;
  }
  const std::lock_guard lock(mutex_);
  known_.erase(file.path);
  return done;
}

}  // namespace bl::events::delta
