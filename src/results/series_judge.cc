#include "results/series_judge.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <map>
#include <set>

#include "base/hash.h"
#include "results/model.h"
#include "verdict/robust.h"

namespace bl::results {
namespace {

using verdict::Decision;
using verdict::Direction;
using verdict::Lesson;

constexpr std::size_t k_level_results = 80;  // before a change, when its segment is not known

// What nobody can show is no number.
double shown(double value) {
  constexpr double k_most = 1e15;
  return std::isnan(value) ? 0 : std::clamp(value, -k_most, k_most);
}

double middle_of(std::vector<double>& values) {
  // Of two that are near the largest double the mean is none.
  const double middle = verdict::median(values);
  return std::isfinite(middle) ? middle : values.front();
}

// Of everything that a detector learns of the points, and of their ids, each after the one before.
class PointDigest {
 public:
  explicit PointDigest(std::uint64_t of_those_before) : digest_(of_those_before) {}
  void add(const VerdictPoint& point) {
    bytes_.clear();
    add_bytes(digest_);
    add_bytes(point.value);
    add_bytes(point.environment);
    add_bytes(point.lesson);
    bytes_ += point.result_id;
    digest_ = xxh3_64(bytes_);
  }
  std::uint64_t value() const { return digest_; }

 private:
  template <class T>
  void add_bytes(const T& value) {
    char raw[sizeof value];
    std::memcpy(raw, &value, sizeof value);
    bytes_.append(raw, sizeof value);
  }
  std::uint64_t digest_;
  std::string bytes_;
};

std::uint64_t digest_of(std::span<const VerdictPoint> points) {
  PointDigest digest(0);
  for (const VerdictPoint& point : points) digest.add(point);
  return digest.value();
}

// A change as the detectors tell of it: places instead of ids.
struct FoundChange {
  std::size_t first = 0;
  double change = 0;  // relative
  double confidence = 0;
  bool recovers = false;
  bool of_unit = false;
};

FoundChange found_of(const SaidChange& said) {
  return {said.first, said.change, said.confidence, said.recovers, said.of_unit};
}

verdict::Observation observation_of(const VerdictPoint& point) {
  return {.value = point.value, .machine = point.environment, .lesson = point.lesson};
}

class Judge {
 public:
  Judge(std::span<const VerdictPoint> points, const std::optional<std::string>& unit,
        WarmSeries& warm, const VerdictRules& rules)
      : points_(points),
        warm_(warm),
        unit_(unit.value_or("")),
        less_is_better_(!unit || direction_of(*unit) == Direction::less_is_better),
        rules_(rules) {}

  WarmJudgement judge() {
    const bool was_warm = warm_up();
    go_on();
    look_at_history();
    find_boundaries();
    add_segments();
    for (const FoundChange& one : found_) judged_.changes.push_back(change_of(one, end_of(one)));
    for (const SaidChange& one : warm_.said) {
      judged_.said.push_back({points_[one.newest].result_id, points_[one.first].result_id,
                              is_worse(one.change), shown(one.change * 100), one.confidence});
    }
    decide();
    return {std::move(judged_), was_warm};
  }

 private:
  // Every result in turn, as if it were the newest. Where the replay begins moves only once in
  // online_results_min results, so that what was said stays as it was.
  std::size_t online_begin() const {
    const std::size_t step = rules_.online_results_min;
    return points_.size() < 2 * step ? 0 : (points_.size() / step - 1) * step;
  }

  // False: from the start.
  bool warm_up() {
    const std::size_t begin = online_begin();
    const bool is_prefix = warm_.end > 0 && warm_.end <= points_.size() && warm_.begin == begin &&
                           digest_of(points_.first(warm_.end)) == warm_.digest;
    if (is_prefix) return true;
    warm_ = WarmSeries();
    warm_.begin = warm_.end = begin;
    warm_.digest = digest_of(points_.first(begin));
    return false;
  }

  void go_on() {
    PointDigest digest(warm_.digest);
    for (; warm_.end < points_.size(); ++warm_.end) {
      digest.add(points_[warm_.end]);
      take(warm_.end);
    }
    warm_.digest = digest.value();
    if (warm_.newest.call == Decision::Call::wait) {
      repeats_ = warm_.detector.repeats_to_decide(rules_.repeats_max);
    }
  }

  void take(std::size_t i) {
    Decision& now = warm_.newest;
    now = warm_.detector.push(observation_of(points_[i]));
    if (now.since >= 0) now.since += static_cast<std::int64_t>(warm_.begin);
    if (now.is_change()) {
      if (warm_.said.size() == rules_.said_max) warm_.said.erase(warm_.said.begin());
      warm_.said.push_back({i, static_cast<std::size_t>(now.since), now.change, now.confidence,
                            now.recovers, now.of_unit});
    }
    if (wants_cut(i)) warm_.cut_end = i + 1;
  }

  // Whether the whole history is looked at with this result as its newest. It rests on the results
  // up to it alone, so that a replay cuts where a warm series was cut.
  bool wants_cut(std::size_t i) const {
    const std::size_t every = std::max(rules_.cut_every, std::bit_ceil(i / 16));
    if (i < rules_.cut_always_below || (i + 1) % every == 0) return true;
    if (warm_.newest.call != Decision::Call::no_change) return true;
    if (points_[i].lesson != Lesson::none) return true;
    if (points_[i].environment != points_[i - 1].environment) return true;
    return !warm_.said.empty() && i - warm_.said.back().first <= rules_.news_results;
  }

  // The history as it was cut last.
  bool cut(std::size_t left_out) {
    if (warm_.history && warm_.history_end == warm_.cut_end) return true;
    std::vector<verdict::Observation> observations;
    observations.reserve(warm_.cut_end - left_out);
    for (std::size_t i = left_out; i < warm_.cut_end; ++i) {
      observations.push_back(observation_of(points_[i]));
    }
    auto history = verdict::changes_of(observations);
    if (!history.ok()) return false;  // more than its limit; ours is below
    warm_.history = std::move(*history);
    warm_.history_end = warm_.cut_end;
    return true;
  }

  void look_at_history() {
    const std::size_t left_out =
        warm_.cut_end > rules_.history_results_max ? warm_.cut_end - rules_.history_results_max : 0;
    if (points_.empty() || !cut(left_out)) return;
    const verdict::HistoryOfChanges& history = *warm_.history;
    history_begin_ = left_out;
    for (const verdict::Change& one : history.changes) {
      found_.push_back(
          {one.first + left_out, one.change, one.confidence, one.recovers, one.of_unit});
    }
    if (found_.size() > rules_.changes_max) {
      history_begin_ = found_[found_.size() - rules_.changes_max - 1].first;
      found_.erase(found_.begin(), found_.end() - static_cast<std::ptrdiff_t>(rules_.changes_max));
    }
    for (const verdict::Drift& one : history.drifts) {
      judged_.drifts.push_back({points_[one.first + left_out].result_id,
                                points_[one.last + left_out].result_id, shown(one.change * 100),
                                is_worse(one.change)});
      drift_end_ = one.last + left_out;
    }
    judged_.verdict.noise_percent = shown(history.noise * 100);
  }

  // Where a new level begins: changes, and what annotations say.
  void find_boundaries() {
    boundaries_ = {history_begin_};
    for (const FoundChange& one : found_) boundaries_.insert(one.first);
    for (std::size_t i = history_begin_; i < points_.size(); ++i) {
      const Lesson lesson = points_[i].lesson;
      if (lesson == Lesson::expected || lesson == Lesson::machine_changed) boundaries_.insert(i);
    }
    while (boundaries_.size() > rules_.changes_max) boundaries_.erase(boundaries_.begin());
  }

  void add_segments() {
    if (points_.empty()) return;
    for (auto at = boundaries_.begin(); at != boundaries_.end(); ++at) {
      const auto next = std::next(at);
      add_stretch(*at, next == boundaries_.end() ? points_.size() : *next);
    }
  }

  // One segment for each machine of a stretch.
  void add_stretch(std::size_t first, std::size_t end) {
    struct Part {
      std::size_t first, last;
      std::vector<double> values;
    };
    std::map<std::uint32_t, Part> parts;
    for (std::size_t i = first; i < end; ++i) {
      Part& part = parts.try_emplace(points_[i].environment, Part{i, i, {}}).first->second;
      part.last = i;
      part.values.push_back(points_[i].value);
    }
    for (auto& [environment, part] : parts) {
      VerdictSegment segment;
      segment.first_result_id = points_[part.first].result_id;
      segment.last_result_id = points_[part.last].result_id;
      segment.environment = environment;
      segment.results = static_cast<std::int64_t>(part.values.size());
      segment.low = verdict::order_statistic(part.values, 0.05);
      segment.high = verdict::order_statistic(part.values, 0.95);
      segment.level = middle_of(part.values);
      judged_.segments.push_back(std::move(segment));
    }
  }

  std::size_t end_of(const FoundChange& one) const {
    const auto next = boundaries_.upper_bound(one.first);
    return next == boundaries_.end() ? points_.size() : *next;
  }

  bool is_worse(double change) const { return (change > 0) == less_is_better_; }

  // The level of a machine's results; none without any.
  std::optional<double> level(std::size_t first, std::size_t end, std::uint32_t environment) const {
    std::vector<double> values;
    for (std::size_t i = first; i < end; ++i) {
      if (points_[i].environment == environment) values.push_back(points_[i].value);
    }
    if (values.empty()) return std::nullopt;
    return middle_of(values);
  }

  std::optional<double> level_before(std::size_t first) const {
    const std::uint32_t environment = points_[first].environment;
    const auto next = boundaries_.lower_bound(first);
    const std::size_t begin = next == boundaries_.begin() ? 0 : *std::prev(next);
    if (const auto found = level(begin, first, environment)) return found;
    return level(first > k_level_results ? first - k_level_results : 0, first, environment);
  }

  VerdictChange change_of(const FoundChange& one, std::size_t end) const {
    const VerdictPoint& point = points_[one.first];
    VerdictChange change;
    change.result_id = point.result_id;
    change.commit_sha = point.commit_sha;
    change.commit_timestamp = point.commit_timestamp;
    change.after = level(one.first, end, point.environment).value_or(point.value);
    change.before = level_before(one.first).value_or(change.after / (1 + one.change));
    double percent = (change.after - change.before) / std::fabs(change.before) * 100;
    // The detector compared with the results just before, which may lie apart from their segment's
    // level: then its own level is shown.
    if (!std::isfinite(percent) || (percent > 0) != (one.change > 0)) {
      percent = one.change * 100;
      change.before = change.after / (1 + one.change);
    }
    if (!std::isfinite(change.before)) change.before = change.after;
    change.percent = shown(percent);
    change.is_worse = is_worse(one.change);
    change.is_recovery = one.recovers;
    change.of_unit = one.of_unit;
    change.confidence = one.confidence;
    return change;
  }

  // The newest change that was said, when it still is one.
  std::optional<FoundChange> news() const {
    if (warm_.said.empty()) return std::nullopt;
    FoundChange last = found_of(warm_.said.back());
    if (points_.size() - last.first > rules_.news_results) return std::nullopt;
    for (std::size_t i = last.first; i < points_.size(); ++i) {
      if (points_[i].lesson != Lesson::none) return std::nullopt;
    }
    const auto before = level_before(last.first);
    const auto after = level(last.first, points_.size(), points_[last.first].environment);
    const bool is_new = warm_.newest.is_change();  // said just now
    if (before && after && !is_new) {
      const double moved = *after - *before;
      const double way = last.change * std::fabs(*before);
      if ((moved > 0) != (last.change > 0) || 2 * std::fabs(moved) < std::fabs(way)) {
        return std::nullopt;
      }
    }
    refine(last);
    return last;
  }

  // The whole history often knows better at which commit it began, and after some results is surer.
  void refine(FoundChange& one) const {
    constexpr std::size_t k_near = 3;
    for (const FoundChange& found : found_) {
      const std::size_t apart = std::max(found.first, one.first) - std::min(found.first, one.first);
      if (apart > k_near || (found.change > 0) != (one.change > 0)) continue;
      one.first = found.first;
      one.confidence = std::max(one.confidence, found.confidence);
    }
  }

  void decide() {
    SeriesVerdict& verdict = judged_.verdict;
    verdict.results = static_cast<std::int64_t>(points_.size());
    if (!points_.empty()) verdict.judged_result_id = points_.back().result_id;
    verdict.drift = newest_drift();
    if (const auto said = news()) {
      verdict.decision = is_worse(said->change) ? VerdictDecision::slower : VerdictDecision::faster;
      verdict.change = change_of(*said, points_.size());
      verdict.confidence = said->confidence;
    } else {
      decide_without_news(verdict);
    }
    verdict.sentence = sentence_of(verdict, points_.empty() ? nullptr : &points_.back(), unit_);
  }

  // What the whole history says of its end, else what the online detector does.
  std::optional<VerdictDrift> newest_drift() const {
    if (drift_end_ && *drift_end_ + 3 >= warm_.cut_end) return judged_.drifts.back();
    const auto drift = warm_.detector.drift();
    if (!drift || points_.empty()) return std::nullopt;
    const std::size_t first = static_cast<std::size_t>(drift->since) + warm_.begin;
    return VerdictDrift{points_[first].result_id, points_.back().result_id,
                        shown(drift->change * 100), is_worse(drift->change)};
  }

  void decide_without_news(SeriesVerdict& verdict) const {
    const Decision& now = warm_.newest;
    switch (now.call) {
      case Decision::Call::no_value:
      case Decision::Call::too_few:
        verdict.decision = VerdictDecision::unknown;
        break;
      case Decision::Call::wait:
        verdict.decision = VerdictDecision::wait;
        verdict.confidence = now.confidence;
        verdict.repeats = repeats_;
        verdict.change = change_of({static_cast<std::size_t>(now.since), now.change, now.confidence,
                                    now.recovers, now.of_unit},
                                   points_.size());
        return;
      case Decision::Call::no_change:
      case Decision::Call::larger:  // said, and already taken back
      case Decision::Call::smaller:
        verdict.decision = VerdictDecision::steady;
        verdict.confidence = 1 - now.confidence;
        break;
    }
    const auto last = std::ranges::find_if(
        judged_.changes.rbegin(), judged_.changes.rend(),
        [&](const auto& one) { return one.confidence >= rules_.told_confidence; });
    if (last != judged_.changes.rend()) verdict.change = *last;
  }

  std::span<const VerdictPoint> points_;
  WarmSeries& warm_;
  std::string unit_;
  bool less_is_better_;
  const VerdictRules& rules_;
  JudgedSeries judged_;
  std::optional<int> repeats_;
  std::size_t history_begin_ = 0;
  std::vector<FoundChange> found_;
  std::set<std::size_t> boundaries_;
  std::optional<std::size_t> drift_end_;
};

}  // namespace

JudgedSeries judge_points(std::span<const VerdictPoint> points,
                          const std::optional<std::string>& unit, const VerdictRules& rules) {
  WarmSeries cold;
  return judge_points(points, unit, cold, rules).judged;
}

WarmJudgement judge_points(std::span<const VerdictPoint> points,
                           const std::optional<std::string>& unit, WarmSeries& warm,
                           const VerdictRules& rules) {
  return Judge(points, unit, warm, rules).judge();
}

std::size_t WarmSeries::bytes() const {
  std::size_t bytes = sizeof *this + detector.bytes() + said.capacity() * sizeof said.front();
  if (history) {
    bytes += history->changes.capacity() * sizeof history->changes.front() +
             history->drifts.capacity() * sizeof history->drifts.front();
  }
  return bytes;
}

}  // namespace bl::results
