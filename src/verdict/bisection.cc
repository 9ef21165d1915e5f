#include "verdict/bisection.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "verdict/bisection_information.h"
#include "verdict/bisection_levels.h"

namespace bl::verdict {
namespace {

constexpr std::size_t k_end_runs = 2;     // of each end, before anything else is worth a run
constexpr std::size_t k_runs_beside = 2;  // of both commits beside a change, before it is told
// Once no change at all is less probable than that, runs go to where the change is.
constexpr double k_none_settled = 0.1;
constexpr double k_unknown_level = 0.1;    // deviation of a level of which nothing is known
constexpr double k_scenario_least = 1e-4;  // probability of what is asked for the next run
constexpr std::size_t k_pairs_most = 12;   // of two changes, among them
constexpr double k_z_of_95 = 1.959963984540054;

Result<void> check(const BisectionQuestion& question, const BisectionLimits& limits) {
  if (question.commits < 2)
    return Error{Code::invalid,
                 fmt::format("a range has at least two commits: {}", question.commits)};
  if (question.commits > limits.commits_max)
    return Error{Code::too_large, fmt::format("a range has at most {} commits: {}",
                                              limits.commits_max, question.commits)};
  if (question.runs.size() > limits.runs_max)
    return Error{Code::too_large,
                 fmt::format("at most {} runs: {}", limits.runs_max, question.runs.size())};
  if (!(question.confidence > 0.5 && question.confidence < 1))
    return Error{Code::invalid, fmt::format("the confidence must be above 0.5 and below 1: {}",
                                            question.confidence)};
  if (!(question.change_min > 0 && question.change_min < 0.5))
    return Error{Code::invalid, fmt::format("the least change must be above 0 and below 0.5: {}",
                                            question.change_min)};
  for (const BisectionRun& run : question.runs) {
    if (run.commit >= question.commits)
      return Error{Code::invalid, fmt::format("a run of a commit beyond the range of {}: {}",
                                              question.commits, run.commit)};
    if (!std::isfinite(run.value))
      return Error{Code::invalid, fmt::format("a run of commit {} without a finite value: {}",
                                              run.commit, run.value)};
  }
  for (const std::size_t commit : question.cannot_run) {
    if (commit >= question.commits)
      return Error{Code::invalid,
                   fmt::format("a commit that cannot be run, beyond the range of {}: {}",
                               question.commits, commit)};
  }
  return {};
}

/// Commits first .. last.
struct Stretch {
  std::size_t first = 0, last = 0;
};

class Answer {
 public:
  Answer(const BisectionQuestion& question, const BisectionLimits& limits)
      : question_(question), levels_(question, limits), can_run_(question.commits, true) {
    for (const std::size_t commit : question.cannot_run) can_run_[commit] = false;
    can_be_told_ = can_run_;
    for (const std::size_t commit : levels_.measured()) can_be_told_[commit] = true;
  }

  Bisection give() {
    weigh();
    Bisection answer;
    guilty_ = answer.guilty = guilty();
    answer.none = none_;
    answer.two = two_;
    decide(answer);
    if (answer.state == Bisection::State::unknown) answer.next = next();
    return answer;
  }

 private:
  /// Probabilities of no change, of one at each place, of each pair of places.
  void weigh() {
    const double log_none = levels_.log_none();
    singles_ = levels_.log_singles();
    pairs_ = levels_.log_pairs();
    LogSum all;
    all.add(log_none);
    for (const double log : singles_) all.add(log);
    for (const WeightedCuts& pair : pairs_) all.add(pair.log_weight);
    none_ = std::exp(log_none - all.value());
    for (double& single : singles_) single = std::exp(single - all.value());
    for (WeightedCuts& pair : pairs_) {
      pair.log_weight -= all.value();
      two_ += std::exp(pair.log_weight);
    }
    std::ranges::stable_sort(pairs_, [](const WeightedCuts& a, const WeightedCuts& b) {
      return a.log_weight > b.log_weight;
    });
  }

  std::vector<double> guilty() const {
    std::vector<double> probability(question_.commits, 0.0);
    for (std::size_t place = 0; place < singles_.size(); ++place) {
      const auto count = static_cast<double>(levels_.guilty_count(place));
      for (std::size_t commit = levels_.first_guilty(place); commit <= levels_.last_guilty(place);
           ++commit)
        probability[commit] = singles_[place] / count;
    }
    return probability;
  }

  /// The commits that no run can tell from this one: behind the last that can be run before it, up
  /// to the first that can be run from it on.
  Stretch alike(std::size_t commit) const {
    Stretch stretch{commit, commit};
    while (stretch.first > 1 && !can_be_told_[stretch.first - 1]) --stretch.first;
    while (stretch.last + 1 < question_.commits && !can_be_told_[stretch.last]) ++stretch.last;
    return stretch;
  }

  void decide(Bisection& answer) {
    Stretch best{1, 1};
    double most = -1;
    for (std::size_t commit = 1; commit < question_.commits;) {
      const Stretch stretch = alike(commit);
      double probability = 0;
      for (std::size_t i = stretch.first; i <= stretch.last; ++i) probability += answer.guilty[i];
      if (probability > most) most = probability, best = stretch;
      commit = stretch.last + 1;
    }
    const double pair = pairs_.empty() ? 0 : std::exp(pairs_.front().log_weight);
    using State = Bisection::State;
    const bool has_ends = levels_.runs_of(0) > 0 && levels_.runs_of(question_.commits - 1) > 0;
    to_confirm_.reset();
    if (none_ >= most && none_ >= pair) {
      answer.confidence = none_;
      answer.noise = noise_under({});
      if (none_ >= question_.confidence && has_ends) answer.state = State::no_change;
    } else if (pair > most) {
      answer.confidence = pair;
      tell_pair(answer, pair);
      const auto is_known = [&](const BisectionChange& change) {
        const Stretch stretch = alike(change.last);
        return change.first >= stretch.first;
      };
      if (pair >= question_.confidence && std::ranges::all_of(answer.changes, is_known) &&
          is_confirmed(answer.changes))
        answer.state = State::two_changes;
    } else {
      answer.confidence = most;
      tell_single(answer, best, most);
      if (most >= question_.confidence && is_confirmed(answer.changes)) answer.state = State::found;
    }
  }

  /// Nobody is named on single values: noise comes in bursts that no density foresees. Else says
  /// which commit beside a change is to be run once more.
  bool is_confirmed(const std::vector<BisectionChange>& changes) {
    for (const BisectionChange& change : changes) {
      for (const std::size_t beside : {change.first - 1, change.last}) {
        if (!can_run_[beside] || levels_.runs_of(beside) >= k_runs_beside) continue;
        const bool is_less =
            !to_confirm_ || levels_.runs_of(beside) < levels_.runs_of(*to_confirm_);
        if (is_less) to_confirm_ = beside;
      }
    }
    return !to_confirm_;
  }

  double noise_under(const Cuts& cuts) { return noise_shapes()[levels_.best_shape(cuts)].scale; }

  BisectionChange change_between(const BisectionLevels::Level& before,
                                 const BisectionLevels::Level& after) const {
    const double difference = after.mean - before.mean;
    const double reach = k_z_of_95 * std::sqrt(before.variance + after.variance);
    const RelativeScale& scale = levels_.scale();
    return {.change = scale.relative_change(difference),
            .low = scale.relative_change(difference - reach),
            .high = scale.relative_change(difference + reach)};
  }

  void tell_single(Bisection& answer, const Stretch& best, double probability) {
    std::size_t place = 0;
    while (levels_.last_guilty(place) < best.first) ++place;
    BisectionChange change;
    const bool is_inside = place > 0 && place < levels_.places();
    const Cuts cuts = is_inside ? Cuts{1, {place}} : Cuts{};
    if (is_inside) {
      const auto found = levels_.levels(cuts, levels_.best_shape(cuts));
      change = change_between(found[0], found[1]);
    }
    change.first = best.first;
    change.last = best.last;
    change.probability = probability;
    answer.changes = {change};
    answer.noise = noise_under(cuts);
  }

  void tell_pair(Bisection& answer, double probability) {
    const Cuts& cuts = pairs_.front().cuts;
    const auto found = levels_.levels(cuts, levels_.best_shape(cuts));
    for (std::size_t k = 0; k < 2; ++k) {
      BisectionChange change = change_between(found[k], found[k + 1]);
      change.first = levels_.first_guilty(cuts.at[k]);
      change.last = levels_.last_guilty(cuts.at[k]);
      change.probability = probability;
      answer.changes.push_back(change);
    }
    answer.noise = noise_under(cuts);
  }

  BisectionScenario scenario_of(const Cuts& cuts, double weight) {
    const std::size_t shape = levels_.best_shape(cuts);
    const auto found = levels_.levels(cuts, shape);
    BisectionScenario scenario{.weight = weight};
    for (std::size_t k = 0; k <= cuts.count; ++k) {
      scenario.mean[k] = found[k].mean;
      scenario.variance[k] = found[k].variance + noise_shapes()[shape].variance();
    }
    return scenario;
  }

  /// A change where nothing is measured on one side: the level there is not known.
  BisectionScenario scenario_outside(std::size_t place, double weight) {
    BisectionScenario scenario = scenario_of({}, weight);
    scenario.first = levels_.first_guilty(place);
    scenario.last = levels_.last_guilty(place);
    scenario.mean[1] = scenario.mean[0];
    scenario.variance[1] = scenario.variance[0];
    scenario.variance[place == 0 ? 0 : 1] += k_unknown_level * k_unknown_level;
    return scenario;
  }

  std::vector<BisectionScenario> scenarios() {
    std::vector<BisectionScenario> all;
    if (none_ > k_scenario_least) all.push_back(scenario_of({}, none_));
    for (std::size_t place = 0; place < singles_.size(); ++place) {
      if (singles_[place] < k_scenario_least || levels_.guilty_count(place) == 0) continue;
      if (place == 0 || place == levels_.places()) {
        all.push_back(scenario_outside(place, singles_[place]));
        continue;
      }
      BisectionScenario scenario = scenario_of({1, {place}}, singles_[place]);
      scenario.first = levels_.first_guilty(place);
      scenario.last = levels_.last_guilty(place);
      all.push_back(scenario);
    }
    for (std::size_t i = 0; i < std::min(k_pairs_most, pairs_.size()); ++i) {
      const auto& [cuts, log_weight] = pairs_[i];
      if (std::exp(log_weight) < k_scenario_least) break;
      BisectionScenario scenario = scenario_of(cuts, std::exp(log_weight));
      scenario.first = levels_.first_guilty(cuts.at[0]);
      scenario.last = levels_.last_guilty(cuts.at[0]);
      scenario.second_first = levels_.first_guilty(cuts.at[1]);
      scenario.second_last = levels_.last_guilty(cuts.at[1]);
      all.push_back(scenario);
    }
    return all;
  }

  /// While the ends may be of one level, one more run of one of them.
  std::optional<std::size_t> end_to_settle() const {
    const std::size_t last = question_.commits - 1;
    if (none_ < k_none_settled || two_ > none_ || !can_run_[0] || !can_run_[last])
      return std::nullopt;
    return levels_.runs_of(last) < levels_.runs_of(0) ? last : 0;
  }

  /// Both ends first: without their levels nothing that lies between can be told.
  std::vector<BisectionNext> next() {
    std::vector<BisectionNext> runs;
    for (std::size_t run = 0; run < k_end_runs; ++run) {
      for (const std::size_t end : {std::size_t{0}, question_.commits - 1}) {
        if (can_run_[end] && levels_.runs_of(end) <= run) runs.push_back({.commit = end});
      }
    }
    if (runs.size() > question_.next_max) runs.resize(question_.next_max);
    if (!runs.empty()) return runs;
    std::vector<bool> allowed = can_run_;
    if (to_confirm_) {
      allowed.assign(question_.commits, false);
      allowed[*to_confirm_] = true;
    } else if (const auto end = end_to_settle()) {
      allowed.assign(question_.commits, false);
      allowed[*end] = true;
      if (question_.next_max > 1) allowed[0] = allowed[question_.commits - 1] = true;
    }
    const auto likely = std::ranges::max_element(guilty_) - guilty_.begin();
    const BisectionTurn turn{question_.runs.back().commit, static_cast<std::size_t>(likely)};
    return most_telling_runs(scenarios(), allowed, levels_.measured(), turn, question_.next_max);
  }

  const BisectionQuestion& question_;
  BisectionLevels levels_;
  std::vector<bool> can_run_, can_be_told_;  // the latter: or has values
  std::optional<std::size_t> to_confirm_;
  double none_ = 1, two_ = 0;
  std::vector<double> guilty_;       // probability, by commit
  std::vector<double> singles_;      // probability, by place
  std::vector<WeightedCuts> pairs_;  // most probable first
};

/// Nothing is measured yet.
Bisection at_the_start(const BisectionQuestion& question) {
  Bisection answer;
  answer.guilty.assign(question.commits, 1 / static_cast<double>(question.commits - 1));
  answer.guilty[0] = 0;
  answer.none = 0;
  answer.confidence = answer.guilty[1];
  for (std::size_t run = 0; run < k_end_runs; ++run) {
    for (const std::size_t end : {std::size_t{0}, question.commits - 1}) {
      const bool can_run = std::ranges::find(question.cannot_run, end) == question.cannot_run.end();
      if (can_run && answer.next.size() < question.next_max) answer.next.push_back({.commit = end});
    }
  }
  return answer;
}

}  // namespace

Result<Bisection> bisect(const BisectionQuestion& question, const BisectionLimits& limits) {
  BL_RETURN_IF_ERROR(check(question, limits));
  if (question.runs.empty()) return at_the_start(question);
  return Answer(question, limits).give();
}

}  // namespace bl::verdict
