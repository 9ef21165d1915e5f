#include "gate/decision.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "gate/decision/evidence.h"
#include "verdict/false_discovery.h"

namespace bl::gate {
namespace {

bool is_positive(double value) {
  return value > 0;
}

/// From what asks least of the reader.
int severity(Status status) {
  switch (status) {
    case Status::not_judged:
      return 0;
    case Status::added:
      return 1;
    case Status::fine:
      return 2;
    case Status::improved:
      return 3;
    case Status::noisy:
      return 4;
    case Status::undecided:
      return 5;
    case Status::regression:
      return 6;
    case Status::failed:
      return 7;
  }
  BL_CHECK(false);
}

void take(Criterion& criterion, Evidence evidence) {
  criterion.change = evidence.change;
  criterion.low = evidence.low;
  criterion.high = evidence.high;
  criterion.p_value = evidence.p_value;
  criterion.noise_floor = evidence.noise_floor;
  criterion.detectable = evidence.detectable;
  criterion.reason = std::move(evidence.weakness);
}

std::string counter_text(double value) {
  return fmt::format("{}", value);
}

/// Compares the figures of one benchmark; their statuses come later, when all p-values are known.
class RowBuilder {
 public:
  RowBuilder(const JudgeQuestion& question, const Benchmark& baseline, const Benchmark& measured)
      : question_(question), baseline_(baseline), measured_(measured) {
    const auto own = question.bounds.find(measured.scenario);
    bounds_ = own == question.bounds.end() ? &question.bounds_default : &own->second;
  }

  void add_to(Row& row) {
    add_median(row);
    for (const auto& [percentile, bound] : bounds_->percentiles)
      add_percentile(row, percentile, bound);
    for (const auto& [name, bound] : bounds_->rates) add_rate(row, name, bound);
    for (const std::string& name : bounds_->counters) add_counter(row, name);
  }

 private:
  Criterion time_criterion(std::string what, const std::string& unit, double bound) const {
    Criterion criterion{.what = std::move(what), .unit = unit, .bound = bound};
    if (!question_.judges_times) criterion.status = Status::not_judged;
    return criterion;
  }

  void add_median(Row& row) const {
    Criterion criterion = time_criterion("median", measured_.main.unit, bounds_->median);
    const bool has_samples = !baseline_.main.rounds.empty();
    criterion.baseline = has_samples ? median(baseline_.main.samples()) : baseline_.summary->median;
    criterion.measured = median(measured_.main.samples());
    take(criterion, compare_medians(baseline_.main, baseline_.summary, measured_.main,
                                    Direction::less_is_better));
    row.criteria.push_back(std::move(criterion));
  }

  void add_percentile(Row& row, int percentile, double bound) const {
    Criterion criterion =
        time_criterion(fmt::format("p{}", percentile), measured_.main.unit, bound);
    if (baseline_.main.rounds.empty()) {
      criterion.status = Status::not_judged;
      criterion.reason = "the baseline has no samples";
    } else {
      const double q = percentile / 100.0;
      criterion.baseline = quantile(baseline_.main.samples(), q);
      criterion.measured = quantile(measured_.main.samples(), q);
      take(criterion, compare_quantiles(baseline_.main, measured_.main, q));
    }
    row.criteria.push_back(std::move(criterion));
  }

  /// The two series of an extra; a criterion that says which is missing.
  struct Pair {
    const Series* baseline = nullptr;
    const Series* measured = nullptr;
  };
  Pair pair_of(const std::string& name, Criterion& criterion) const {
    const auto before = baseline_.extras.find(name), now = measured_.extras.find(name);
    Pair pair{before == baseline_.extras.end() ? nullptr : &before->second,
              now == measured_.extras.end() ? nullptr : &now->second};
    if (pair.measured == nullptr) {
      criterion.status = Status::failed;
      criterion.reason = "the run does not say it";
    } else if (pair.baseline == nullptr) {
      criterion.status = Status::not_judged;
      criterion.reason = "the baseline does not have it";
    } else {
      criterion.unit = pair.measured->unit;
      criterion.baseline = median(pair.baseline->samples());
      criterion.measured = median(pair.measured->samples());
    }
    return pair;
  }

  void add_rate(Row& row, const std::string& name, const ExtraBound& bound) const {
    Criterion criterion = time_criterion("rate " + name, "", bound.bound);
    const Pair pair = pair_of(name, criterion);
    if (pair.baseline != nullptr && pair.measured != nullptr) {
      if (std::ranges::all_of(pair.baseline->samples(), is_positive) &&
          std::ranges::all_of(pair.measured->samples(), is_positive)) {
        take(criterion, compare_medians(*pair.baseline, {}, *pair.measured, bound.better));
      } else {
        criterion.status = Status::failed;
        criterion.reason = "a rate that is not above zero";
      }
    }
    row.criteria.push_back(std::move(criterion));
  }

  void add_counter(Row& row, const std::string& name) const {
    Criterion criterion{.what = "counter " + name};
    const Pair pair = pair_of(name, criterion);
    if (pair.baseline != nullptr && pair.measured != nullptr) {
      const std::vector<double> before = pair.baseline->samples(), now = pair.measured->samples();
      const double expected = before.front();
      const auto differs = [expected](double value) { return value != expected; };
      const auto other = std::ranges::find_if(now, differs);
      if (std::ranges::any_of(before, differs)) {
        criterion.status = Status::failed;
        criterion.reason = "the baseline has several values: it is no counter";
      } else if (other != now.end()) {
        criterion.status = Status::regression;
        criterion.measured = *other;
        criterion.change = expected == 0 ? 0 : *other / expected - 1;
        criterion.reason =
            fmt::format("was {}, is {}", counter_text(expected), counter_text(*other));
      } else {
        criterion.reason = "equal";
      }
    }
    row.criteria.push_back(std::move(criterion));
  }

  const JudgeQuestion& question_;
  const Benchmark& baseline_;
  const Benchmark& measured_;
  const Bounds* bounds_;
};

std::string missing_evidence(const Criterion& criterion, double false_share_max) {
  if (!criterion.p_adjusted) return criterion.reason.empty() ? "no test" : criterion.reason;
  if (*criterion.p_adjusted > false_share_max)
    return fmt::format("chance gives as much too often (p {:.3f})", *criterion.p_adjusted);
  if (!criterion.low || *criterion.low <= 0) return "the interval holds no change, too";
  return "the baseline is as noisy as that";
}

/// Everything but counters and what has its status already.
void decide(Criterion& criterion, double false_share_max) {
  const bool has_p = criterion.p_adjusted && *criterion.p_adjusted <= false_share_max;
  const bool is_beyond = criterion.change > criterion.bound;
  const bool is_worse = has_p && criterion.low && *criterion.low > 0;
  const bool is_better = has_p && criterion.high && *criterion.high < 0;
  const std::string weakness = criterion.reason.empty() ? "" : "; " + criterion.reason;
  if (is_beyond) {
    const bool is_above_noise = !criterion.noise_floor || criterion.change > *criterion.noise_floor;
    const bool is_evident = is_worse && is_above_noise;
    criterion.status = is_evident ? Status::regression : Status::undecided;
    criterion.reason = is_evident ? fmt::format("worse by more than the bound, p {:.3g}{}",
                                                *criterion.p_adjusted, weakness)
                                  : missing_evidence(criterion, false_share_max);
  } else if (criterion.change < -criterion.bound && is_better) {
    criterion.status = Status::improved;
    criterion.reason = "better by more than the bound" + weakness;
  } else if (!criterion.high || *criterion.high > criterion.bound) {
    criterion.status = Status::noisy;
    criterion.reason = criterion.high
                           ? fmt::format("as much as {} is not ruled out{}",
                                         percent_text(*criterion.high), weakness)
                           : (criterion.reason.empty() ? "no interval" : criterion.reason);
  } else {
    criterion.status = Status::fine;
    criterion.reason = (is_worse ? "worse, within the bound" : "within the bound") + weakness;
  }
}

void decide_all(std::vector<Row>& rows, double false_share_max) {
  std::vector<Criterion*> tested;
  std::vector<double> p_values;
  for (Row& row : rows) {
    for (Criterion& criterion : row.criteria) {
      if (criterion.status != Status::fine || !criterion.p_value) continue;
      tested.push_back(&criterion);
      p_values.push_back(*criterion.p_value);
    }
  }
  const std::vector<double> adjusted = verdict::adjusted_p_values(p_values);
  for (std::size_t i = 0; i < tested.size(); ++i) tested[i]->p_adjusted = adjusted[i];
  for (Row& row : rows) {
    for (Criterion& criterion : row.criteria) {
      const bool is_counter = criterion.what.starts_with("counter ");
      if (criterion.status == Status::fine && !is_counter) decide(criterion, false_share_max);
      if (criterion.status == Status::not_judged && criterion.reason.empty())
        criterion.reason = "on another machine only counters are judged";
    }
    for (std::size_t i = 0; i < row.criteria.size(); ++i) {
      const Status status = row.criteria[i].status;
      if (i == 0 || severity(status) > severity(row.status)) row.status = status;
    }
  }
}

Row row_of(const JudgeQuestion& question, const Benchmark& measured, const Benchmark* baseline) {
  const std::vector<double> samples = measured.main.samples();
  Row row{.name = measured.name,
          .scenario = measured.scenario,
          .unit = measured.main.unit,
          .median = median(samples),
          .spread = spread_of(samples),
          .samples = samples.size(),
          .rounds = measured.main.rounds.size()};
  if (baseline == nullptr) {
    row.status = Status::added;
    row.note = "not in the baseline";
    return row;
  }
  const Summary before =
      baseline->summary ? *baseline->summary : summary_of(baseline->main.samples());
  row.spread_baseline = baseline->main.rounds.empty() ? before.stddev / before.median
                                                      : spread_of(baseline->main.samples());
  row.samples_baseline = static_cast<std::size_t>(before.samples);
  row.rounds_baseline = baseline->main.rounds.size();
  if (baseline->main.unit != measured.main.unit) {
    row.status = Status::failed;
    row.note = fmt::format("the unit was {}, is {}", baseline->main.unit, measured.main.unit);
    return row;
  }
  RowBuilder(question, *baseline, measured).add_to(row);
  return row;
}

void add_missing(const JudgeQuestion& question, std::vector<Row>& rows) {
  std::set<std::string> told;
  for (const Benchmark& baseline : question.baseline) {
    if (find(question.measured, baseline.name) != nullptr) continue;
    Row row{.name = baseline.name,
            .scenario = baseline.scenario,
            .unit = baseline.main.unit,
            .status = Status::failed,
            .note = "is in the baseline, but not in this run"};
    for (const Failure& failure : question.failures) {
      if (failure.scenario != baseline.scenario || baseline.scenario.empty()) continue;
      row.note = failure.reason;
      told.insert(failure.scenario);
    }
    rows.push_back(std::move(row));
  }
  for (const Failure& failure : question.failures_of_baseline) {
    const bool is_failure_here = std::ranges::any_of(
        question.failures, [&](const Failure& here) { return here.scenario == failure.scenario; });
    if (is_failure_here) continue;
    rows.push_back({.name = failure.scenario,
                    .scenario = failure.scenario,
                    .status = Status::added,
                    .note = "nothing to compare with, there it failed: " + failure.reason});
  }
  for (const Failure& failure : question.failures) {
    if (told.contains(failure.scenario)) continue;
    rows.push_back({.name = failure.scenario,
                    .scenario = failure.scenario,
                    .status = Status::failed,
                    .note = failure.reason});
  }
}

ExitCode exit_code_of(const std::vector<Row>& rows) {
  const auto has = [&](ExitCode code) {
    return std::ranges::any_of(
        rows, [&](const Row& row) { return gate::exit_code_of(row.status) == code; });
  };
  if (has(ExitCode::regression)) return ExitCode::regression;
  if (has(ExitCode::undecided)) return ExitCode::undecided;
  const bool nothing_compared =
      std::ranges::all_of(rows, [](const Row& row) { return row.status == Status::added; });
  return nothing_compared ? ExitCode::no_baseline : ExitCode::ok;
}

bool is_before(const Row& a, const Row& b) {
  if (severity(a.status) != severity(b.status)) return severity(a.status) > severity(b.status);
  const double change_a = a.criteria.empty() ? 0 : a.criteria.front().change;
  const double change_b = b.criteria.empty() ? 0 : b.criteria.front().change;
  if (change_a != change_b) return change_a > change_b;
  return a.name < b.name;
}

}  // namespace

const char* name_of(Status status) {
  switch (status) {
    case Status::fine:
      return "fine";
    case Status::noisy:
      return "noisy";
    case Status::improved:
      return "improved";
    case Status::regression:
      return "regression";
    case Status::undecided:
      return "cannot decide";
    case Status::failed:
      return "failed";
    case Status::added:
      return "new";
    case Status::not_judged:
      return "not judged";
  }
  BL_CHECK(false);
}

ExitCode exit_code_of(Status status) {
  if (status == Status::regression || status == Status::failed) return ExitCode::regression;
  return status == Status::undecided ? ExitCode::undecided : ExitCode::ok;
}

std::size_t Judgement::count(Status status) const {
  return static_cast<std::size_t>(std::ranges::count(rows, status, &Row::status));
}

Judgement judge(const JudgeQuestion& question) {
  Judgement judgement;
  for (const Benchmark& measured : question.measured)
    judgement.rows.push_back(row_of(question, measured, find(question.baseline, measured.name)));
  decide_all(judgement.rows, question.false_share_max);
  add_missing(question, judgement.rows);
  judgement.exit_code = exit_code_of(judgement.rows);
  std::ranges::sort(judgement.rows, is_before);
  return judgement;
}

}  // namespace bl::gate
