#include "verdict/online.h"

#include <algorithm>
#include <cmath>

#include "verdict/unit_change.h"

namespace bl::verdict {

OnlineDetector::Machine& OnlineDetector::machine_of(std::uint32_t id, std::int64_t newest) {
  const auto has_id = [](std::uint32_t wanted) {
    return [wanted](const Machine& m) { return m.id == wanted; };
  };
  const auto known = std::find_if(machines_.begin(), machines_.end(), has_id(id));
  if (known != machines_.end()) {
    if (newest - known->last_seen > limits_.away_max) known->stream.start_over();
    return *known;
  }
  // A new machine: the noise is likely as on the one before, the level is not.
  MachineStream stream;
  const auto previous = current_
                            ? std::find_if(machines_.begin(), machines_.end(), has_id(*current_))
                            : machines_.end();
  if (previous != machines_.end()) stream = previous->stream;
  stream.start_over();
  if (machines_.size() == static_cast<std::size_t>(limits_.machines_max)) {
    machines_.erase(std::min_element(
        machines_.begin(), machines_.end(),
        [](const Machine& a, const Machine& b) { return a.last_seen < b.last_seen; }));
  }
  machines_.push_back({id, newest, std::move(stream)});
  return machines_.back();
}

/// Whether another machine has said this change already.
bool OnlineDetector::was_said(const MachineStream::Verdict& v, std::uint32_t machine) const {
  return said_ && said_->machine != machine && said_->larger == v.larger &&
         v.since <= said_->newest + limits_.away_max && said_->since <= v.since + limits_.away_max;
}

Decision OnlineDetector::push(const Observation& o) {
  Decision decision{.newest = count_++};
  if (!std::isfinite(o.value)) {
    decision.call = Decision::Call::no_value;
    return decision;
  }
  Machine& machine = machine_of(o.machine, decision.newest);
  machine.last_seen = decision.newest;
  current_ = o.machine;
  if (o.lesson == Lesson::machine_changed) machine.stream.start_over();
  if (o.benchmark_changed)
    for (Machine& m : machines_) m.stream.start_over();
  const auto v = machine.stream.push(decision.newest, o.value, limits_.baseline_min, observer_);
  if (o.lesson == Lesson::expected) {
    machine.stream.accept_new_level();
    return decision;
  }
  decision.log_odds = v.log_odds;
  if (o.lesson == Lesson::noise) {
    machine.stream.call_it_noise();
    decision.call = Decision::Call::no_change;
    return decision;
  }
  using Kind = MachineStream::Verdict::Kind;
  if (v.kind == Kind::too_few) return decision;
  decision.confidence = probability(v.log_odds);
  const bool known = v.kind != Kind::none && was_said(v, o.machine);
  if (v.kind == Kind::none || known) {
    decision.call = Decision::Call::no_change;
    return decision;
  }
  decision.since = v.since;
  decision.change = v.change;
  decision.recovers = v.recovers;
  decision.of_unit = looks_like_a_change_of_unit(v.change);
  decision.call = Decision::Call::wait;
  if (v.kind == Kind::change) {
    decision.call = v.larger ? Decision::Call::larger : Decision::Call::smaller;
    said_ = Said{v.since, decision.newest, v.larger, o.machine};
  }
  return decision;
}

std::optional<OnlineDrift> OnlineDetector::drift() const {
  const auto current = std::find_if(machines_.begin(), machines_.end(), [&](const Machine& m) {
    return current_ && m.id == *current_;
  });
  if (current == machines_.end()) return std::nullopt;
  const auto drift = current->stream.drift();
  if (!drift) return std::nullopt;
  return OnlineDrift{drift->since, drift->change};
}

std::size_t OnlineDetector::bytes() const {
  std::size_t bytes = machines_.capacity() * sizeof(Machine);
  for (const Machine& machine : machines_) bytes += machine.stream.bytes();
  return bytes;
}

std::optional<int> OnlineDetector::repeats_to_decide(int most) const {
  if (!current_) return std::nullopt;
  const auto current = std::find_if(machines_.begin(), machines_.end(),
                                    [&](const Machine& m) { return m.id == *current_; });
  if (current == machines_.end()) return std::nullopt;
  const auto what_if = current->stream.waiting_values();
  if (what_if.empty()) return std::nullopt;
  MachineStream stream = current->stream;
  for (int n = 1; n <= most; ++n) {
    const double value = what_if[static_cast<std::size_t>(n - 1) % what_if.size()];
    const auto v = stream.push(count_ + n - 1, value, limits_.baseline_min, {});
    if (v.kind == MachineStream::Verdict::Kind::change) return n;
  }
  return std::nullopt;
}

}  // namespace bl::verdict
