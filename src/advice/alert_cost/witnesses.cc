#include "advice/alert_cost/witnesses.h"

#include <algorithm>
#include <cmath>

#include "verdict/robust.h"

namespace bl::advice {
namespace {

constexpr std::size_t k_next_results = 5;

/// The levels on both sides of what was told.
struct Levels {
  double former = 0, told = 0;
  bool is_former(double value) const { return std::abs(value - former) < std::abs(value - told); }
};

std::optional<Levels> levels_of(const MeasuredSeries& series, const Told& told,
                                const CostLimits& limits) {
  std::vector<double> before =
      series.before(told.since, limits.level_results, told.since_result->environment);
  if (before.size() < limits.level_results_min) return std::nullopt;
  const double former = verdict::median(before);
  return Levels{former, former * (1 + told.said->percent / 100)};
}

std::size_t count_former(const Levels& levels, std::span<const double> values) {
  return static_cast<std::size_t>(
      std::ranges::count_if(values, [&](double value) { return levels.is_former(value); }));
}

std::optional<EvidenceKind> kind_of(Mark mark) {
  switch (mark) {
    case Mark::none:
      return std::nullopt;
    case Mark::confirmed:
      return EvidenceKind::confirmed_by_person;
    case Mark::expected:
      return EvidenceKind::expected_by_person;
    case Mark::noise:
      return EvidenceKind::noise_by_person;
    case Mark::machine_changed:
      return EvidenceKind::machine_changed;
  }
  return std::nullopt;
}

/// The results after what was told, of the same machine.
void add_undone(const MeasuredSeries& series, const Told& told, const CostLimits& limits,
                std::vector<Evidence>& evidence) {
  const auto levels = levels_of(series, told, limits);
  if (!levels) return;
  const MeasuredSeries::Commit& commit = series.commits()[told.since];
  const std::vector<CostResult>& results = series.series().results;
  const CostResult* again = nullptr;  // the newest of that commit
  for (std::size_t i = commit.begin; i < commit.end; ++i) {
    const bool is_later = results[i].result_timestamp > told.since_result->result_timestamp &&
                          results[i].environment == told.since_result->environment;
    if (is_later && (again == nullptr || results[i].result_timestamp >= again->result_timestamp))
      again = &results[i];
  }
  const std::vector<double> next = series.from(told.since + 1, series.commits().size(),
                                               k_next_results, told.since_result->environment);
  const std::size_t former = count_former(*levels, next);
  const bool went = former * 2 > next.size() || next.empty();
  if (again != nullptr && levels->is_former(again->value) && went) {
    evidence.push_back({EvidenceKind::undone_at_same_commit, std::string(commit.sha), again->id,
                        series.series().fingerprint});
  } else if (next.size() >= 2 && former == next.size()) {
    evidence.push_back({EvidenceKind::gone_again, std::string(commit.sha), results[commit.end].id,
                        series.series().fingerprint});
  }
}

void add_reverts(const MeasuredSeries& series, const Told& told, std::span<const Revert> reverts,
                 const CostLimits& limits, std::vector<Evidence>& evidence) {
  for (const Revert& revert : reverts) {
    if (series.place_of(revert.guilty->sha, revert.guilty->timestamp) != told.since) continue;
    const std::size_t reverted = series.place_of(revert.commit->sha, revert.commit->timestamp);
    if (reverted <= told.since) continue;
    Evidence one{EvidenceKind::reverted, revert.commit->sha, {}, series.series().fingerprint};
    const auto levels = levels_of(series, told, limits);
    const std::vector<double> after = series.from(
        reverted, series.commits().size(), limits.level_results, told.since_result->environment);
    if (revert.is_taken_back) {
      one.kind = EvidenceKind::revert_taken_back;
    } else if (levels && after.size() >= limits.level_results_min &&
               count_former(*levels, after) * 2 < after.size()) {
      one.kind = EvidenceKind::still_slow_after_revert;
    }
    evidence.push_back(std::move(one));
  }
}

}  // namespace

std::vector<Evidence> marks_at(const MeasuredSeries& series, std::size_t place) {
  std::vector<Evidence> evidence;
  const MeasuredSeries::Commit& commit = series.commits()[place];
  for (std::size_t i = commit.begin; i < commit.end; ++i) {
    const CostResult& result = series.series().results[i];
    if (const auto kind = kind_of(result.mark)) {
      evidence.push_back({*kind, result.commit_sha, result.id, series.series().fingerprint});
    }
  }
  return evidence;
}

std::vector<Evidence> evidence_of(const MeasuredSeries& series, const Told& told,
                                  std::span<const Revert> reverts, const CostLimits& limits) {
  std::vector<Evidence> evidence = marks_at(series, told.since);
  add_reverts(series, told, reverts, limits, evidence);
  add_undone(series, told, limits, evidence);
  return evidence;
}

Answer answer_of(std::span<const Evidence> evidence) {
  const auto says = [&](Answer answer) {
    return std::ranges::any_of(evidence,
                               [&](const Evidence& one) { return answer_of(one.kind) == answer; });
  };
  const bool is_right = says(Answer::confirmed), is_false = says(Answer::false_alarm);
  if (is_right == is_false) return Answer::unknown;
  return is_right ? Answer::confirmed : Answer::false_alarm;
}

}  // namespace bl::advice
