#include "results/series_judge.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "results/model.h"
#include "verdict/online.h"
#include "verdict/robust.h"
#include "verdict/segmentation.h"

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

// A change as the detectors tell of it: places instead of ids.
struct FoundChange {
  std::size_t first = 0;
  double change = 0;  // relative
  double confidence = 0;
  bool recovers = false;
};
struct Said : FoundChange {
  std::size_t newest = 0;  // the result at which it was said
};

class Judge {
 public:
  Judge(std::span<const VerdictPoint> points, const std::optional<std::string>& unit,
        const VerdictRules& rules)
      : points_(points),
        unit_(unit.value_or("")),
        less_is_better_(!unit || direction_of(*unit) == Direction::less_is_better),
        rules_(rules) {
    observations_.reserve(points.size());
    for (const VerdictPoint& point : points) {
      observations_.push_back({point.value, point.environment, point.lesson});
    }
  }

  JudgedSeries judge() {
    replay();
    look_at_history();
    find_boundaries();
    add_segments();
    for (const FoundChange& one : found_) judged_.changes.push_back(change_of(one, end_of(one)));
    for (const Said& one : said_) {
      judged_.said.push_back({points_[one.newest].result_id, points_[one.first].result_id,
                              is_worse(one.change), shown(one.change * 100), one.confidence});
    }
    decide();
    return std::move(judged_);
  }

 private:
  // Every result in turn, as if it were the newest. Where the replay begins moves only once in
  // online_results_min results, so that what was said stays as it was.
  void replay() {
    const std::size_t step = rules_.online_results_min;
    const std::size_t begin = points_.size() < 2 * step ? 0 : (points_.size() / step - 1) * step;
    verdict::OnlineDetector detector;
    for (std::size_t i = begin; i < observations_.size(); ++i) {
      now_ = detector.push(observations_[i]);
      if (now_.since >= 0) now_.since += static_cast<std::int64_t>(begin);
      if (!now_.is_change()) continue;
      said_.push_back(
          {{static_cast<std::size_t>(now_.since), now_.change, now_.confidence, now_.recovers}, i});
    }
    if (now_.call == Decision::Call::wait) {
      repeats_ = detector.repeats_to_decide(rules_.repeats_max);
    }
    if (said_.size() > rules_.said_max) {
      said_.erase(said_.begin(), said_.end() - static_cast<std::ptrdiff_t>(rules_.said_max));
    }
  }

  void look_at_history() {
    const std::size_t left_out = points_.size() > rules_.history_results_max
                                     ? points_.size() - rules_.history_results_max
                                     : 0;
    const auto history = verdict::changes_of(std::span(observations_).subspan(left_out));
    if (!history.ok()) return;  // more than its limit; ours is below
    history_begin_ = left_out;
    for (const verdict::Change& one : history->changes) {
      found_.push_back({one.first + left_out, one.change, one.confidence, one.recovers});
    }
    if (found_.size() > rules_.changes_max) {
      history_begin_ = found_[found_.size() - rules_.changes_max - 1].first;
      found_.erase(found_.begin(), found_.end() - static_cast<std::ptrdiff_t>(rules_.changes_max));
    }
    for (const verdict::Drift& one : history->drifts) {
      judged_.drifts.push_back({points_[one.first + left_out].result_id,
                                points_[one.last + left_out].result_id, shown(one.change * 100),
                                is_worse(one.change)});
      drift_end_ = one.last + left_out;
    }
    if (!points_.empty()) judged_.verdict.noise_percent = shown(history->noise * 100);
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
    change.confidence = one.confidence;
    return change;
  }

  // The newest change that was said, when it still is one.
  std::optional<Said> news() const {
    if (said_.empty()) return std::nullopt;
    Said last = said_.back();
    if (points_.size() - last.first > rules_.news_results) return std::nullopt;
    for (std::size_t i = last.first; i < points_.size(); ++i) {
      if (points_[i].lesson != Lesson::none) return std::nullopt;
    }
    const auto before = level_before(last.first);
    const auto after = level(last.first, points_.size(), points_[last.first].environment);
    const bool is_new = now_.is_change();  // said just now
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
  void refine(Said& one) const {
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
    if (drift_end_ && *drift_end_ + 3 >= points_.size()) verdict.drift = judged_.drifts.back();
    if (const auto said = news()) {
      verdict.decision = is_worse(said->change) ? VerdictDecision::slower : VerdictDecision::faster;
      verdict.change = change_of(*said, points_.size());
      verdict.confidence = said->confidence;
    } else {
      decide_without_news(verdict);
    }
    verdict.sentence = sentence_of(verdict, points_.empty() ? nullptr : &points_.back(), unit_);
  }

  void decide_without_news(SeriesVerdict& verdict) const {
    switch (now_.call) {
      case Decision::Call::no_value:
      case Decision::Call::too_few:
        verdict.decision = VerdictDecision::unknown;
        break;
      case Decision::Call::wait:
        verdict.decision = VerdictDecision::wait;
        verdict.confidence = now_.confidence;
        verdict.repeats = repeats_;
        verdict.change = change_of(
            {static_cast<std::size_t>(now_.since), now_.change, now_.confidence, now_.recovers},
            points_.size());
        return;
      case Decision::Call::no_change:
      case Decision::Call::larger:  // said, and already taken back
      case Decision::Call::smaller:
        verdict.decision = VerdictDecision::steady;
        verdict.confidence = 1 - now_.confidence;
        break;
    }
    const auto last = std::ranges::find_if(
        judged_.changes.rbegin(), judged_.changes.rend(),
        [&](const auto& one) { return one.confidence >= rules_.told_confidence; });
    if (last != judged_.changes.rend()) verdict.change = *last;
  }

  std::span<const VerdictPoint> points_;
  std::string unit_;
  bool less_is_better_;
  const VerdictRules& rules_;
  std::vector<verdict::Observation> observations_;
  JudgedSeries judged_;
  Decision now_;
  std::optional<int> repeats_;
  std::vector<Said> said_;
  std::size_t history_begin_ = 0;
  std::vector<FoundChange> found_;
  std::set<std::size_t> boundaries_;
  std::optional<std::size_t> drift_end_;
};

}  // namespace

JudgedSeries judge_points(std::span<const VerdictPoint> points,
                          const std::optional<std::string>& unit, const VerdictRules& rules) {
  return Judge(points, unit, rules).judge();
}

}  // namespace bl::results
