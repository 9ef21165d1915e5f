#include "events/index/entities.h"

#include <utility>

#include "events/index/keys.h"

namespace bl::events::index {
namespace {

bool is_end(std::uint32_t status) {
  return status == static_cast<std::uint32_t>(JobStatus::completed) ||
         status == static_cast<std::uint32_t>(JobStatus::failed) ||
         status == static_cast<std::uint32_t>(JobStatus::cancelled);
}

/// Adds what a run is to its label, or takes it away (-1).
void count(LabelState& label, const RunState& run, std::int64_t sign) {
  const auto is = [&](JobStatus status) {
    return run.status == static_cast<std::uint32_t>(status) ? sign : 0;
  };
  label.runs += sign;
  label.completed += is(JobStatus::completed);
  label.failed += is(JobStatus::failed);
  label.cancelled += is(JobStatus::cancelled);
  label.targets += sign * static_cast<std::int64_t>(run.targets);
  if (!run.running.is_set() || !is_end(run.status) || run.newest < run.running) return;
  label.timed += sign;
  label.duration += sign * (run.newest.timestamp - run.running.timestamp);
}

void remember_build(LabelState& label, const Moment& moment, std::uint32_t build) {
  auto& recent = label.recent;
  auto at = std::find_if(recent.begin(), recent.end(),
                         [&](const auto& r) { return r.newest.is_set() && r.build == build; });
  if (at == recent.end()) at = recent.end() - 1;  // a sixth one goes
  if (at->newest.is_set() && moment < at->newest) return;
  *at = {moment, build};
  // Empty ones stay behind: an unset moment is before every other of its time, and times are > 0.
  std::sort(recent.begin(), recent.end(), [](const auto& a, const auto& b) {
    if (a.newest.is_set() != b.newest.is_set()) return a.newest.is_set();
    return b.newest < a.newest;
  });
}

bool is_newer(const Moment& moment, const Moment& than) {
  return !than.is_set() || than < moment;
}
bool is_older(const Moment& moment, const Moment& than) {
  return !than.is_set() || moment < than;
}

template <class State>
std::optional<Recency::Now> now_of(const State& state) {
  const Moment* newest = nullptr;
  if constexpr (requires { state.updated; }) {
    newest = &state.updated;
  } else {
    newest = &state.newest;
  }
  if (!newest->is_set()) return std::nullopt;
  return Recency::Now{static_cast<std::uint8_t>(state.status), newest->timestamp};
}

template <class Table>
EntityChanges<typename Table::State> take(Table& table, std::int64_t place) {
  EntityChanges<typename Table::State> changes;
  const std::uint32_t end = table.codes_before(place);
  changes.first = table.written;
  for (std::uint32_t code = table.written; code < end; ++code)
    changes.texts.emplace_back(table.texts.text(code));
  table.written = end;
  std::sort(table.dirty.begin(), table.dirty.end());
  const auto last = std::lower_bound(table.dirty.begin(), table.dirty.end(), end);
  changes.codes.assign(table.dirty.begin(), last);
  for (const std::uint32_t code : changes.codes) {
    changes.states.push_back(table.states[code]);
    table.is_dirty[code] = 0;
  }
  table.dirty.erase(table.dirty.begin(), last);
  // What later events changed is taken back in the copy, and stays to be written.
  for (auto undo = table.undo.rbegin(); undo != table.undo.rend(); ++undo) {
    if (undo->place < place) break;
    if (undo->code >= end) continue;
    const auto at = std::lower_bound(changes.codes.begin(), changes.codes.end(), undo->code);
    changes.states[static_cast<std::size_t>(at - changes.codes.begin())] = undo->old;
    table.mark(undo->code);
  }
  return changes;
}

}  // namespace

std::uint32_t Entities::code_of(Kind kind, std::string_view compacted, std::int64_t place) {
  switch (kind) {
    case Kind::build:
      return builds.code_of(compacted, place);
    case Kind::partition:
      return partitions.code_of(compacted, place);
    case Kind::run:
      return runs.code_of(compacted, place);
    case Kind::label:
      break;
  }
  const std::size_t known = labels.states.size();
  const std::uint32_t code = labels.code_of(compacted, place);
  if (labels.states.size() != known) labels_sorted_.insert(label_position(compacted), code);
  return code;
}

std::optional<std::uint32_t> Entities::find(Kind kind, std::string_view compacted) const {
  switch (kind) {
    case Kind::build:
      return builds.texts.find(compacted);
    case Kind::partition:
      return partitions.texts.find(compacted);
    case Kind::run:
      return runs.texts.find(compacted);
    case Kind::label:
      break;
  }
  return labels.texts.find(compacted);
}

std::vector<std::uint32_t>::iterator Entities::label_position(std::string_view text) {
  return std::lower_bound(
      labels_sorted_.begin(), labels_sorted_.end(), text,
      [&](std::uint32_t code, std::string_view than) { return labels.texts.text(code) < than; });
}

Recency::Current Entities::build_now() const {
  return [this](std::uint32_t code) {
    return code < builds.states.size() ? now_of(builds.states[code]) : std::nullopt;
  };
}
Recency::Current Entities::partition_now() const {
  return [this](std::uint32_t code) {
    return code < partitions.states.size() ? now_of(partitions.states[code]) : std::nullopt;
  };
}

void Entities::apply(const EventFacts& facts) {
  if (facts.type == EventType::build_request) apply_build(facts);
  if (facts.type == EventType::partition) apply_partition(facts);
  if (facts.type == EventType::job) apply_job(facts);
}

void Entities::apply_build(const EventFacts& facts) {
  BuildState& state = builds.change(facts.build, facts.moment.place);
  const auto old = now_of(state);
  if (is_older(facts.moment, state.created)) state.created = facts.moment;
  if (facts.names_partitions && is_newer(facts.moment, state.named)) state.named = facts.moment;
  if (!is_newer(facts.moment, state.updated)) return;
  state.updated = facts.moment;
  state.status = facts.status;
  build_times_.change(facts.build, old, now_of(state), build_now());
}

void Entities::apply_partition(const EventFacts& facts) {
  PartitionRefState& state = partitions.change(facts.partition, facts.moment.place);
  const auto old = now_of(state);
  if (facts.status == static_cast<std::uint8_t>(PartitionStatus::available) &&
      is_newer(facts.moment, state.available)) {
    state.available = facts.moment;
    state.available_build = facts.build;
  }
  if (!is_newer(facts.moment, state.newest)) return;
  state.newest = facts.moment;
  state.newest_build = facts.build;
  state.status = facts.status;
  partition_times_.change(facts.partition, old, now_of(state), partition_now());
}

void Entities::apply_job(const EventFacts& facts) {
  const std::int64_t place = facts.moment.place;
  RunState& run = runs.change(facts.run, place);
  LabelState& label = labels.change(facts.label, place);
  if (is_newer(facts.moment, label.newest)) {
    label.newest = facts.moment;
    label.status = facts.status;
  }
  remember_build(label, facts.moment, facts.build);
  if (run.newest.is_set()) {
    const bool is_moved = run.label != facts.label;
    count(is_moved ? labels.change(run.label, place) : label, run, -1);
  }
  if (facts.status == static_cast<std::uint8_t>(JobStatus::running) &&
      is_older(facts.moment, run.running))
    run.running = facts.moment;
  if (is_newer(facts.moment, run.newest)) {
    run.newest = facts.moment;
    run.label = facts.label;
    run.targets = facts.targets;
    run.status = facts.status;
  }
  count(labels.states[run.label], run, 1);
}

void Entities::truncate_to(std::int64_t place) {
  const auto take_back = [place](auto& table, auto&& restored) {
    while (!table.undo.empty() && table.undo.back().place >= place) {
      const auto& undo = table.undo.back();
      auto now = std::exchange(table.states[undo.code], undo.old);
      table.mark(undo.code);
      restored(undo.code, now);
      table.undo.pop_back();
    }
  };
  take_back(builds, [&](std::uint32_t code, const BuildState& was) {
    build_times_.change(code, now_of(was), now_of(builds.states[code]), build_now());
  });
  take_back(partitions, [&](std::uint32_t code, const PartitionRefState& was) {
    partition_times_.change(code, now_of(was), now_of(partitions.states[code]), partition_now());
  });
  take_back(runs, [](std::uint32_t, const RunState&) {});
  take_back(labels, [](std::uint32_t, const LabelState&) {});
  const auto forget = [place](auto& table, auto&& forgotten) {
    const std::size_t known = table.states.size();
    while (!table.born.empty() && table.born.back() >= place) {
      forgotten();
      table.texts.pop_back();
      table.states.pop_back();
      table.is_dirty.pop_back();
      table.born.pop_back();
    }
    if (table.states.size() != known)
      std::erase_if(table.dirty, [&](std::uint32_t code) { return code >= table.states.size(); });
  };
  forget(builds, [] {});
  forget(partitions, [] {});
  forget(runs, [] {});
  forget(labels, [&] {
    const auto newest = static_cast<std::uint32_t>(labels.states.size() - 1);
    labels_sorted_.erase(label_position(labels.texts.text(newest)));
  });
}

void Entities::settle(std::int64_t place) {
  builds.settle(place);
  partitions.settle(place);
  runs.settle(place);
  labels.settle(place);
}

AllChanges Entities::take_changes(std::int64_t place) {
  return {take(builds, place), take(partitions, place), take(runs, place), take(labels, place)};
}

void Entities::loaded() {
  const auto settle = [](auto& table) {
    table.born.clear();
    table.written = static_cast<std::uint32_t>(table.states.size());
  };
  settle(builds);
  settle(partitions);
  settle(runs);
  settle(labels);
  build_times_.load(builds.states.size(), build_now());
  partition_times_.load(partitions.states.size(), partition_now());
  labels_sorted_.resize(labels.states.size());
  for (std::uint32_t code = 0; code < labels_sorted_.size(); ++code) labels_sorted_[code] = code;
  std::sort(labels_sorted_.begin(), labels_sorted_.end(), [&](std::uint32_t a, std::uint32_t b) {
    return labels.texts.text(a) < labels.texts.text(b);
  });
}

std::vector<std::uint32_t> Entities::builds_page(std::optional<std::uint8_t> status,
                                                 std::size_t offset, std::size_t limit) const {
  // Ids that are no UUID are kept in another way: their texts decide.
  return build_times_.page(status, offset, limit, build_now(),
                           [this](std::uint32_t a, std::uint32_t b) {
                             return expand(builds.texts.text(a)) < expand(builds.texts.text(b));
                           });
}

std::vector<std::uint32_t> Entities::partitions_page(std::optional<std::uint8_t> status,
                                                     std::size_t offset, std::size_t limit) const {
  return partition_times_.page(status, offset, limit, partition_now(),
                               [this](std::uint32_t a, std::uint32_t b) {
                                 return partitions.texts.text(a) < partitions.texts.text(b);
                               });
}

std::uint64_t Entities::memory_bytes() const {
  return builds.memory_bytes() + partitions.memory_bytes() + runs.memory_bytes() +
         labels.memory_bytes() + build_times_.memory_bytes() + partition_times_.memory_bytes() +
         4 * labels_sorted_.capacity();
}

}  // namespace bl::events::index
