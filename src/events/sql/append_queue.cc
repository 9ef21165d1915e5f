#include "events/sql/append_queue.h"

#include <fmt/format.h>

#include <optional>
#include <unordered_map>

#include "events/append_check.h"
#include "events/sql/event_rows.h"
#include "events/sql/state_tables.h"

namespace bl::events {
namespace {

using store::Connection;
using store::Row;
using store::Sql;

// "bl_event"
constexpr std::int64_t k_append_lock = 7'092'148'402'584'383'092;
const Sql k_lock("", "select pg_advisory_xact_lock($1)");
const Sql k_newest = "select coalesce(max(seq), 0) from build_events";
const Sql k_by_id(
    "select e.seq, e.event_id, e.timestamp, e.build_request_id, e.event_type from build_events as e"
    " where e.event_id = $1",
    "select t.*, p.place from unnest($1::text[]) with ordinality as p(wanted, place)"
    " cross join lateral (select e.seq, e.event_id, e.timestamp, e.build_request_id, e.event_type"
    " from build_events as e where e.event_id = p.wanted limit 1) as t");

/// The events of a log that have one of some ids, and those of a group that got in.
class KnownEvents {
 public:
  Result<void> load(Connection& connection, const std::vector<std::string_view>& ids,
                    Sequence& newest, std::size_t bytes_max) {
    if (connection.dialect() == store::Dialect::postgres) {
      // Sent with the look-up behind it, whose snapshot is taken when the lock is there.
      store::ParamRows once(1);
      once.add({k_append_lock});
      BL_RETURN_IF_ERROR(connection.query_many_later(k_lock, once, [](std::size_t, const Row&) {}));
    }
    BL_RETURN_IF_ERROR(connection.query(k_newest, {}, [&](const Row& row) {
      newest = row.integer(0);
      return true;
    }));
    store::ParamRows keys(1);
    for (const std::string_view id : ids) keys.add({id});
    std::vector<EventHeader> headers;
    std::optional<Error> failure;
    BL_RETURN_IF_ERROR(query_rows(connection, k_by_id, 6, keys, [&](std::size_t, const Row& row) {
      auto header = read_header(row);
      if (header.ok()) {
        headers.push_back(std::move(header).value());
      } else {
        failure = header.error();
      }
    }));
    if (failure) return *failure;
    BL_TRY(stored_, load_events(connection, std::move(headers), bytes_max));
    for (const StoredEvent& event : stored_) by_id_[event.event.event_id] = &event.event;
    return {};
  }

  const BuildEvent* find(std::string_view id) const {
    const auto found = by_id_.find(id);
    return found == by_id_.end() ? nullptr : found->second;
  }
  void add(const BuildEvent& event) { by_id_[event.event_id] = &event; }

 private:
  std::vector<StoredEvent> stored_;
  std::unordered_map<std::string_view, const BuildEvent*> by_id_;
};

// Those of one append that are new. Errors: conflict.
Result<std::vector<const BuildEvent*>> new_events(std::span<const BuildEvent> events,
                                                  const std::vector<std::size_t>& first,
                                                  const KnownEvents& known) {
  std::vector<const BuildEvent*> added;
  for (const std::size_t at : first) {
    const BuildEvent& event = events[at];
    const BuildEvent* there = known.find(event.event_id);
    if (there == nullptr) {
      added.push_back(&event);
    } else if (!(*there == event)) {
      return conflict_of(event.event_id);
    }
  }
  return added;
}

}  // namespace

AppendQueue::AppendQueue(store::Database& database, Mode mode, Metrics& metrics,
                         const AppendQueueLimits& limits)
    : database_(database),
      mode_(mode),
      limits_(limits),
      events_(metrics.counter("bl_events_sql_appended_total", "events that a log in SQL took in")),
      repeated_(metrics.counter("bl_events_sql_repeated_total",
                                "events that a log in SQL had already: retries")),
      refused_(metrics.counter("bl_events_sql_limit_hits_total",
                               "times that a limit of a log in SQL was reached",
                               {{"limit", "waiting_max"}})),
      group_events_(metrics.histogram("bl_events_sql_group_size",
                                      "events that one transaction of a log in SQL took in",
                                      {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 4096})) {}

Result<void> AppendQueue::check(std::span<const BuildEvent> events) const {
  BL_RETURN_IF_ERROR(check_batch(events));
  if (database_.dialect() == store::Dialect::sqlite) return {};
  for (const BuildEvent& event : events) {
    std::size_t longest = job_run_of(event).size();
    for (const std::string_view ref : partitions_of(event)) longest = std::max(longest, ref.size());
    if (const auto* job = std::get_if<JobEvent>(&event.payload)) {
      longest = std::max(longest, job->job_label.size());
    }
    if (longest > limits_.postgres_key_bytes_max) {
      return Error(Code::too_large,
                   fmt::format("PostgreSQL indexes no ref, label or run id over {} bytes; event {} "
                               "has one of {}",
                               limits_.postgres_key_bytes_max, event.event_id, longest));
    }
  }
  return {};
}

Result<Appended> AppendQueue::append(std::span<const BuildEvent> events) {
  BL_RETURN_IF_ERROR(check(events));
  if (events.empty()) return Appended{};
  Waiting own{.events = events};
  BL_TRY(own.first, first_of_each_id(events));
  std::unique_lock lock(mutex_);
  if (waiting_.size() >= limits_.waiting_max) {
    refused_.add();
    return Error(Code::overloaded,
                 fmt::format("too many appends wait for the event log: {}", limits_.waiting_max));
  }
  waiting_.push_back(&own);
  own.is_next = !is_writing_;
  is_writing_ = true;
  while (!own.is_done) {
    if (!own.is_next) {
      own.changed.wait(lock);
      continue;
    }
    const Group group = take_group();
    lock.unlock();
    write(group);
    lock.lock();
    for (Waiting* waiting : group) {
      waiting->is_done = true;
      if (waiting != &own) waiting->changed.notify_one();
    }
  }
  if (own.is_next) hand_on();
  lock.unlock();
  if (own.outcome.ok()) {
    events_.add(static_cast<double>(own.outcome->added));
    repeated_.add(static_cast<double>(own.outcome->repeated));
  }
  return std::move(own.outcome);
}

void AppendQueue::hand_on() {
  is_writing_ = !waiting_.empty();
  if (!is_writing_) return;
  waiting_.front()->is_next = true;
  waiting_.front()->changed.notify_one();
}

AppendQueue::Group AppendQueue::take_group() {
  Group group;
  std::size_t events = 0;
  while (!waiting_.empty()) {
    events += waiting_.front()->events.size();
    if (!group.empty() && events > limits_.group_events_max) break;
    group.push_back(waiting_.front());
    waiting_.pop_front();
  }
  return group;
}

void AppendQueue::write(const Group& group) {
  auto written = database_.write(
      [&](Connection& connection) -> Result<void> { return write_group(connection, group); });
  if (written.ok()) return;
  // Whoever was refused for what it sent keeps its own error.
  for (Waiting* waiting : group) {
    if (waiting->outcome.ok()) waiting->outcome = written.error();
  }
}

Result<void> AppendQueue::write_group(Connection& connection, const Group& group) {
  std::vector<std::string_view> ids;
  for (Waiting* waiting : group) {
    waiting->outcome = Appended{};
    for (const std::size_t at : waiting->first) ids.push_back(waiting->events[at].event_id);
  }
  KnownEvents known;
  Sequence newest = 0;
  BL_RETURN_IF_ERROR(known.load(connection, ids, newest, limits_.read_bytes_max));
  // Of one id in two appends, both look new here.
  std::vector<const BuildEvent*> candidates;
  for (Waiting* waiting : group) {
    auto added = new_events(waiting->events, waiting->first, known);
    if (!added.ok()) continue;
    candidates.insert(candidates.end(), added->begin(), added->end());
  }
  StateTables states;
  BL_RETURN_IF_ERROR(states.load(connection, candidates));
  EventInserts inserts;
  const Sequence before = newest;
  for (Waiting* waiting : group) {
    auto added = new_events(waiting->events, waiting->first, known);
    if (added.ok() && mode_ == Mode::strict) {
      StrictCheck strict(states.lookups());
      for (const BuildEvent* event : *added) {
        auto follows = strict.add(*event);
        if (follows.ok()) continue;
        added = std::move(follows).error();
        break;
      }
    }
    if (!added.ok()) {
      waiting->outcome = std::move(added).error();
      continue;
    }
    for (const BuildEvent* event : *added) {
      known.add(*event);
      inserts.add(*event, ++newest);
      states.fold(*event, newest);
    }
    const auto count = static_cast<std::int64_t>(added->size());
    waiting->outcome = Appended{
        .added = count, .repeated = static_cast<std::int64_t>(waiting->events.size()) - count};
  }
  if (newest == before) return {};
  group_events_.observe(static_cast<double>(newest - before));
  BL_RETURN_IF_ERROR(inserts.run(connection));
  return states.save(connection);
}

}  // namespace bl::events
