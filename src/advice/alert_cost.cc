#include "advice/alert_cost.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <tuple>

#include "advice/alert_cost/witnesses.h"

namespace bl::advice {
namespace {

constexpr double k_z_of_95 = 1.959963984540054;
constexpr double k_week_micros = 7 * 24 * 3600e6;

std::string subject_of(std::string_view message) {
  return std::string(message.substr(0, message.find_first_of("\r\n")));
}

/// Reads the facts once, and answers from what it has read.
class Counting {
 public:
  Counting(const CostFacts& facts, const CostQuestion& question, const CostLimits& limits)
      : facts_(facts), limits_(limits), reverts_(reverts_of(facts.commits)) {
    for (const CostSeries& one : facts.series) series_.emplace_back(one);
    for (const CostCommit& one : facts.commits) commits_.emplace(one.sha, &one);
    told_.resize(series_.size());
    answer_.repository = facts.repository;
    answer_.from = facts.from;
    answer_.to = facts.to;
    answer_.miss_cost = question.miss_cost;
    answer_.verdicts_enabled = facts.verdicts_enabled;
    answer_.is_cut = facts.is_cut;
    answer_.weeks = weeks_measured();
  }

  AlertCost count() {
    gather_told();
    gather_rules();
    answer_alerts();
    find_missed_marks();
    find_missed_reverts();
    take_marks_alone();
    total();
    replay_thresholds();
    list();
    return std::move(answer_);
  }

 private:
  struct Alert {
    CostAlert shown;
    std::vector<Told> told;
  };
  struct Missed {
    CostMiss shown;
    std::set<std::size_t> series;
  };

  /// Without the time before the first and after the last result, which nobody could tell of.
  double weeks_measured() const {
    Timestamp first = facts_.to, last = facts_.from;
    for (const CostSeries& series : facts_.series) {
      for (const CostResult& result : series.results) {
        if (!counts(result.result_timestamp)) continue;
        first = std::min(first, result.result_timestamp);
        last = std::max(last, result.result_timestamp);
      }
    }
    const auto micros = static_cast<double>((last - first).count());
    return std::max(micros, k_week_micros / 7) / k_week_micros;
  }

  bool counts(Timestamp time) const { return facts_.from <= time && time <= facts_.to; }

  Alert& alert_at(std::string_view sha, Timestamp at) {
    const auto [found, is_new] = alerts_.try_emplace(std::string(sha));
    CostAlert& shown = found->second.shown;
    if (is_new) {
      shown.commit_sha = sha;
      if (const auto known = commits_.find(sha); known != commits_.end())
        shown.subject = subject_of(known->second->message);
    }
    shown.at = is_new ? at : std::min(shown.at, at);
    return found->second;
  }

  void gather_told() {
    for (std::size_t s = 0; s < series_.size(); ++s) {
      for (const CostSaid& said : facts_.series[s].said) {
        if (!said.is_worse) continue;
        const CostResult* at = series_[s].result(said.at_result_id);
        const CostResult* since = series_[s].result(said.since_result_id);
        if (at == nullptr || since == nullptr) {
          ++answer_.gone;
          continue;
        }
        const std::size_t place = series_[s].place_of(since->commit_sha, since->commit_timestamp);
        told_[s].push_back({s, place, &said, at, since});
        if (!counts(at->result_timestamp)) continue;
        alert_at(since->commit_sha, at->result_timestamp).told.push_back(told_[s].back());
      }
    }
  }

  std::optional<Timestamp> time_of(std::string_view sha) const {
    if (const auto known = commits_.find(sha); known != commits_.end())
      return known->second->timestamp;
    return std::nullopt;
  }

  /// The alert that a rule's event belongs to: of its commit, else the newest one that was told at
  /// or after that commit, of it or an earlier one.
  const std::string* alert_of(const CostRuleAlert& rule) const {
    if (const auto same = alerts_.find(rule.commit_sha); same != alerts_.end()) return &same->first;
    const auto time = time_of(rule.commit_sha);
    if (!time) return nullptr;
    const std::string* newest = nullptr;
    Timestamp newest_since{};
    for (const auto& [sha, alert] : alerts_) {
      for (const Told& told : alert.told) {
        const Timestamp since = told.since_result->commit_timestamp;
        if (since > *time || *time > told.at_result->commit_timestamp) continue;
        if (newest != nullptr && since <= newest_since) continue;
        newest = &sha;
        newest_since = since;
      }
    }
    return newest;
  }

  void gather_rules() {
    for (const CostRuleAlert& rule : facts_.rule_alerts) {
      if (!counts(rule.at)) continue;
      const std::string* of = alert_of(rule);
      const std::string sha = of != nullptr ? *of : rule.commit_sha;
      alert_at(sha, rule.at).shown.rules.push_back(rule);
    }
  }

  void add_evidence(std::vector<Evidence>& known, std::span<const Evidence> evidence) const {
    for (const Evidence& one : evidence) {
      const auto same = [&](const Evidence& other) {
        return other.kind == one.kind && other.commit_sha == one.commit_sha &&
               other.result_id == one.result_id;
      };
      if (known.size() < limits_.series_shown_max && std::ranges::none_of(known, same))
        known.push_back(one);
    }
  }

  /// What people said at this commit of any series, and reverts of it.
  std::vector<Evidence> evidence_at(std::string_view sha) const {
    std::vector<Evidence> evidence;
    for (const MeasuredSeries& series : series_) {
      const std::size_t place = series.place_of(sha, k_timestamp_max);
      if (place == series.commits().size()) continue;
      for (Evidence& one : marks_at(series, place)) evidence.push_back(std::move(one));
    }
    for (const Revert& revert : reverts_) {
      if (revert.guilty->sha != sha) continue;
      evidence.push_back(
          {revert.is_taken_back ? EvidenceKind::revert_taken_back : EvidenceKind::reverted,
           revert.commit->sha,
           {},
           {}});
    }
    return evidence;
  }

  /// Confirmed when what was told of one series is, false when it is false of each.
  void answer_alerts() {
    for (auto& [sha, alert] : alerts_) {
      std::set<std::size_t> right, wrong, all;
      for (const Told& told : alert.told) {
        const std::vector<Evidence> evidence =
            evidence_of(series_[told.series], told, reverts_, limits_);
        const Answer answer = answer_of(std::span(evidence));
        if (answer == Answer::confirmed) right.insert(told.series);
        if (answer == Answer::false_alarm) wrong.insert(told.series);
        all.insert(told.series);
        add_evidence(alert.shown.evidence, evidence);
        if (alert.shown.series.size() < limits_.series_shown_max) {
          alert.shown.series.push_back({facts_.series[told.series].fingerprint,
                                        facts_.series[told.series].name, told.said->since_result_id,
                                        told.said->percent, told.said->confidence});
        }
      }
      alert.shown.series_count = static_cast<std::int64_t>(all.size());
      std::vector<Evidence> here = evidence_at(sha);
      if (all.empty()) {
        alert.shown.answer = answer_of(std::span(here));
      } else {
        // A person who confirms another series of this commit confirms the alert.
        std::erase_if(here, [](const Evidence& one) {
          return one.kind != EvidenceKind::confirmed_by_person;
        });
        if (!right.empty() || !here.empty()) {
          alert.shown.answer = Answer::confirmed;
        } else if (wrong.size() == all.size()) {
          alert.shown.answer = Answer::false_alarm;
        }
      }
      add_evidence(alert.shown.evidence, here);
      take_witnesses(alert, std::move(right), std::move(wrong));
    }
  }

  void take_witnesses(const Alert& alert, std::set<std::size_t> right,
                      std::set<std::size_t> wrong) {
    const std::string& sha = alert.shown.commit_sha;
    const auto time =
        alert.told.empty() ? time_of(sha) : alert.told.front().since_result->commit_timestamp;
    if (!time) return;
    if (alert.shown.answer == Answer::confirmed) witnesses_.push_back({sha, *time, right, true});
    const bool is_false = alert.shown.answer == Answer::false_alarm;
    if (is_false || !wrong.empty()) witnesses_.push_back({sha, *time, std::move(wrong), false});
  }

  bool was_told_near(std::size_t series, std::size_t place) const {
    return std::ranges::any_of(told_[series], [&](const Told& told) {
      return told.since + limits_.near_commits >= place &&
             told.since <= place + limits_.near_commits;
    });
  }

  void miss(std::string_view sha, Timestamp time, std::size_t series, std::string_view result_id,
            const Evidence& evidence) {
    const auto [found, is_new] = misses_.try_emplace(std::string(sha));
    Missed& missed = found->second;
    if (is_new) {
      missed.shown.commit_sha = sha;
      missed.shown.at = time;
      if (const auto known = commits_.find(sha); known != commits_.end())
        missed.shown.subject = subject_of(known->second->message);
    }
    if (missed.series.insert(series).second &&
        missed.shown.series.size() < limits_.series_shown_max) {
      missed.shown.series.push_back({facts_.series[series].fingerprint, facts_.series[series].name,
                                     std::string(result_id), 0, 0});
    }
    add_evidence(missed.shown.evidence, std::span(&evidence, 1));
  }

  void find_missed_marks() {
    for (std::size_t s = 0; s < series_.size(); ++s) {
      for (const CostResult& result : facts_.series[s].results) {
        if (result.mark != Mark::confirmed || !counts(result.result_timestamp)) continue;
        if (alerts_.contains(result.commit_sha)) continue;
        const std::size_t place = series_[s].place_of(result.commit_sha, result.commit_timestamp);
        if (was_told_near(s, place)) continue;
        miss(result.commit_sha, result.commit_timestamp, s, result.id,
             {EvidenceKind::confirmed_by_person, result.commit_sha, result.id,
              facts_.series[s].fingerprint});
      }
    }
  }

  void find_missed_reverts() {
    for (const Revert& revert : reverts_) {
      if (revert.is_taken_back || !counts(revert.guilty->timestamp)) continue;
      if (alerts_.contains(revert.guilty->sha)) continue;
      for (std::size_t s = 0; s < series_.size(); ++s) {
        const MeasuredSeries& series = series_[s];
        const std::size_t guilty = series.place_of(revert.guilty->sha, revert.guilty->timestamp);
        const std::size_t gone = series.place_of(revert.commit->sha, revert.commit->timestamp);
        if (guilty >= gone || !came_and_went(series, guilty, gone, limits_)) continue;
        const MeasuredSeries::Commit& commit = series.commits()[guilty];
        if (was_told_near(s, guilty) || alerts_.contains(std::string(commit.sha))) continue;
        miss(revert.guilty->sha, revert.guilty->timestamp, s,
             facts_.series[s].results[commit.begin].id,
             {EvidenceKind::reverted, revert.commit->sha, {}, facts_.series[s].fingerprint});
      }
    }
  }

  /// What people called noise though no alert told it: a lower threshold would have.
  void take_marks_alone() {
    std::map<std::string_view, Witness> found;
    for (std::size_t s = 0; s < series_.size(); ++s) {
      for (const CostResult& result : facts_.series[s].results) {
        if (result.mark != Mark::noise && result.mark != Mark::machine_changed) continue;
        if (!counts(result.result_timestamp) || alerts_.contains(result.commit_sha)) continue;
        Witness& witness = found[result.commit_sha];
        witness.commit_sha = result.commit_sha;
        witness.timestamp = result.commit_timestamp;
        witness.series.insert(s);
      }
    }
    for (auto& [sha, witness] : found) witnesses_.push_back(std::move(witness));
  }

  void total() {
    for (const auto& [sha, alert] : alerts_) {
      ++answer_.alerts_told;
      ++(alert.shown.answer == Answer::confirmed     ? answer_.confirmed
         : alert.shown.answer == Answer::false_alarm ? answer_.false_alarms
                                                     : answer_.unknown);
    }
    answer_.missed = static_cast<std::int64_t>(misses_.size());
    const std::int64_t doubtful = answer_.false_alarms + answer_.unknown;
    answer_.false_share = share_of(answer_.false_alarms, answer_.false_alarms + answer_.confirmed);
    answer_.false_share_at_most = share_of(doubtful, answer_.alerts_told);
    answer_.missed_share = share_of(answer_.missed, answer_.missed + answer_.confirmed);
    answer_.false_per_week = static_cast<double>(answer_.false_alarms) / answer_.weeks;
    answer_.false_per_week_at_most = static_cast<double>(doubtful) / answer_.weeks;
  }

  void replay_thresholds() {
    ReplayWorld world;
    world.weeks = answer_.weeks;
    world.miss_cost = answer_.miss_cost;
    world.witnesses = std::move(witnesses_);
    for (const auto& [sha, missed] : misses_)
      world.witnesses.push_back({sha, missed.shown.at, missed.series, true});
    for (const MeasuredSeries& series : series_) {
      world.series.push_back(&series);
      world.judged.push_back(
          judged_values(series, facts_.from, facts_.to, facts_.distribution_commits));
    }
    answer_.z = replay(world, "z", facts_.thresholds.z, limits_);
    answer_.percent = replay(world, "percent", facts_.thresholds.percent, limits_);
  }

  void list() {
    for (auto& [sha, alert] : alerts_) answer_.alerts.push_back(std::move(alert.shown));
    for (auto& [sha, missed] : misses_) {
      missed.shown.series_count = static_cast<std::int64_t>(missed.series.size());
      answer_.misses.push_back(std::move(missed.shown));
    }
    const auto newer = [](const auto& a, const auto& b) {
      return std::tie(b.at, a.commit_sha) < std::tie(a.at, b.commit_sha);
    };
    std::ranges::sort(answer_.alerts, newer);
    std::ranges::sort(answer_.misses, newer);
    answer_.alerts.resize(std::min(answer_.alerts.size(), limits_.shown_max));
    answer_.misses.resize(std::min(answer_.misses.size(), limits_.shown_max));
  }

  const CostFacts& facts_;
  const CostLimits limits_;
  const std::vector<Revert> reverts_;
  std::deque<MeasuredSeries> series_;
  std::map<std::string_view, const CostCommit*> commits_;
  std::vector<std::vector<Told>> told_;  // by series
  std::map<std::string, Alert, std::less<>> alerts_;
  std::map<std::string, Missed> misses_;
  std::vector<Witness> witnesses_;
  AlertCost answer_;
};

}  // namespace

Share share_of(std::int64_t count, std::int64_t of) {
  Share share{count, of, {}, {}, {}};
  if (of == 0) return share;
  const double n = static_cast<double>(of), z2 = k_z_of_95 * k_z_of_95;
  const double p = static_cast<double>(count) / n;
  const double middle = (p + z2 / (2 * n)) / (1 + z2 / n);
  const double half = k_z_of_95 / (1 + z2 / n) * std::sqrt(p * (1 - p) / n + z2 / (4 * n * n));
  share.value = p;
  share.low = count == 0 ? 0 : std::max(0.0, middle - half);
  share.high = count == of ? 1 : std::min(1.0, middle + half);
  return share;
}

AlertCost alert_cost(const CostFacts& facts, const CostQuestion& question,
                     const CostLimits& limits) {
  return Counting(facts, question, limits).count();
}

}  // namespace bl::advice
