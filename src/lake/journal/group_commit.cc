#include "lake/journal/group_commit.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "base/hash.h"

namespace bl::lake {
namespace {

Error key_is_taken(std::string_view key) {
  return Error{Code::conflict,
               "the idempotency key came with another record before: " + std::string(key)};
}

}  // namespace

GroupCommit::~GroupCommit() {
  const std::lock_guard lock(mutex_);
  BL_CHECK(queue_.empty());
}

Result<void> GroupCommit::may_append(std::string_view payload, std::string_view key) const {
  if (payload.empty()) return Error{Code::invalid, "a journal takes no empty record"};
  if (key.size() > limits_.key_bytes_max) {
    return Error{Code::too_large, fmt::format("an idempotency key has at most {} bytes: {}",
                                              limits_.key_bytes_max, key.size())};
  }
  if (payload.size() + key.size() > limits_.record_bytes_max) {
    return Error{Code::too_large, fmt::format("a record of a journal has at most {} bytes: {}",
                                              limits_.record_bytes_max, payload.size())};
  }
  return {};
}

Result<Ack> GroupCommit::append(const JournalId& id, std::string_view payload,
                                std::string_view key) {
  BL_RETURN_IF_ERROR(may_append(payload, key));
  const auto entry = std::make_shared<Entry>();
  entry->payload = payload;
  entry->key = key;
  {
    std::unique_lock lock(mutex_);
    BL_RETURN_IF_ERROR(enqueue(entry));
    if (!wait_for_turn(entry, lock)) {
      metrics_.wait_limit.add();
      return Error{Code::overloaded, fmt::format("the journal took no record for so long, ms: {}",
                                                 limits_.queue_wait_max.count())};
    }
    if (entry->is_done) return std::move(*entry->outcome);
  }
  Group group;
  {
    const std::lock_guard writing(writing_);
    group = take_group();
    commit(id, group);
  }
  hand_on(group, entry);
  return std::move(*entry->outcome);
}

// On a busy machine it takes long until a thread runs: the next leader is woken first, and nobody
// wakes only to wait for the lock.
void GroupCommit::hand_on(const Group& group, const EntryPtr& leader) {
  EntryPtr next;
  {
    const std::lock_guard lock(mutex_);
    for (const EntryPtr& one : group) one->is_done = true;
    has_leader_ = !queue_.empty();
    if (has_leader_) {
      next = queue_.front();
      next->leads = true;
    }
  }
  if (next) next->changed.notify_one();
  for (const EntryPtr& one : group) {
    if (one != leader) one->changed.notify_one();
  }
}

Result<void> GroupCommit::enqueue(const EntryPtr& entry) {
  if (queue_bytes_ + entry->bytes() > limits_.queue_bytes_max && !queue_.empty()) {
    metrics_.queue_limit.add();
    return Error{Code::overloaded,
                 fmt::format("the journal's queue is full, bytes: {}", queue_bytes_)};
  }
  queue_.push_back(entry);
  queue_bytes_ += entry->bytes();
  // Who finds no leader leads one group, its own record among it: the first of the queue leads.
  if (!has_leader_) {
    has_leader_ = true;
    entry->leads = true;
  }
  return {};
}

// False: the time is over, and the entry is out of the queue. Who was taken waits for its outcome.
bool GroupCommit::wait_for_turn(const EntryPtr& entry, std::unique_lock<std::mutex>& lock) {
  const auto is_called = [&] { return entry->leads || entry->is_done; };
  const auto is_taken_or_called = [&] { return entry->is_taken || is_called(); };
  if (!entry->changed.wait_for(lock, limits_.queue_wait_max, is_called) && !is_taken_or_called()) {
    queue_.erase(std::ranges::find(queue_, entry));
    queue_bytes_ -= entry->bytes();
    return false;
  }
  entry->changed.wait(lock, is_called);
  return true;
}

GroupCommit::Group GroupCommit::take_group() {
  const std::lock_guard lock(mutex_);
  Group group;
  std::uint64_t bytes = 0;
  while (!queue_.empty()) {
    const EntryPtr& entry = queue_.front();
    if (!group.empty() && bytes + entry->bytes() > limits_.group_bytes_max) break;
    bytes += entry->bytes();
    queue_bytes_ -= entry->bytes();
    entry->is_taken = true;
    group.push_back(entry);
    queue_.pop_front();
  }
  metrics_.queue_bytes.set(static_cast<double>(queue_bytes_));
  return group;
}

Result<Ack> GroupCommit::answer_of(const Entry& entry, const KnownRecord& known) {
  metrics_.replays.add();
  if (known.payload_sum != xxh3_64(entry.payload)) return key_is_taken(entry.key);
  return Ack{known.no, true, known.journal};
}

// Gives every entry its outcome.
void GroupCommit::commit(const JournalId& id, const Group& group) {
  const auto began = clock_.steady_now();
  const Timestamp at = clock_.now();
  const Result<RecordNo> first = target_.prepare(at);
  std::size_t bytes = 0;
  for (const EntryPtr& entry : group) bytes += entry->bytes();
  GroupWriter writer(id, first.ok() ? *first : 0, bytes);
  NewGroup fresh{{}, at, first.ok() ? *first : 0, 0, {}};
  std::vector<Entry*> stored;
  std::unordered_map<std::string_view, Entry*> first_with;  // of this group
  std::vector<std::pair<Entry*, Entry*>> twins;             // and the first with the same key
  for (const EntryPtr& entry : group) {
    if (!entry->key.empty()) {
      if (const auto known = target_.find(entry->key)) {
        entry->outcome = answer_of(*entry, *known);
        continue;
      }
      const auto [same, is_new] = first_with.try_emplace(entry->key, entry.get());
      if (!is_new) {
        twins.emplace_back(entry.get(), same->second);
        continue;
      }
    }
    if (!first.ok()) {
      entry->outcome = first.error();
      continue;
    }
    const RecordNo no = *first + writer.records();
    entry->outcome = Ack{no, false, {}};
    if (!entry->key.empty()) fresh.keys.push_back({entry->key, {no, xxh3_64(entry->payload), {}}});
    writer.add(entry->key, entry->payload);
    stored.push_back(entry.get());
  }
  if (!stored.empty()) {
    fresh.records = writer.records();
    fresh.bytes = writer.finish(at);
    if (const auto written = target_.write(fresh); !written.ok()) {
      for (Entry* entry : stored) entry->outcome = written.error();
    } else {
      metrics_.groups.add();
      metrics_.records.add(static_cast<double>(stored.size()));
      metrics_.bytes.add(static_cast<double>(fresh.bytes.size()));
    }
    metrics_.group_seconds.observe(
        std::chrono::duration<double>(clock_.steady_now() - began).count());
  }
  const bool has_failed = !first.ok() || (!stored.empty() && !stored.front()->outcome->ok());
  if (has_failed) metrics_.failures.add();
  for (const auto& [entry, twin] : twins) {
    entry->outcome = twin->outcome;
    if (!entry->outcome->ok()) continue;
    if (entry->payload == twin->payload) {
      (*entry->outcome)->replayed = true;
    } else {
      entry->outcome = key_is_taken(entry->key);
    }
  }
}

}  // namespace bl::lake
