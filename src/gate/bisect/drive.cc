#include <fmt/format.h>

#include <algorithm>

#include "gate/bisect.h"

namespace bl::gate {
namespace {

constexpr std::chrono::hours k_prepare_time_max{2};
constexpr std::size_t k_reason_bytes_max = 300;

std::string short_of(const RangeCommit& commit) {
  return commit.sha.substr(0, 10);
}

std::string last_line(std::string text) {
  while (!text.empty() && static_cast<unsigned char>(text.back()) <= ' ') text.pop_back();
  text.erase(0, text.rfind('\n') + 1);
  if (text.size() > k_reason_bytes_max) text.resize(k_reason_bytes_max);
  return text;
}

/// The question to the pure part, and what became of each commit.
struct Known {
  verdict::BisectionQuestion question;
  std::map<std::size_t, std::string> skipped;
  std::map<std::size_t, std::size_t> failed_in_a_row;
  std::string unit;

  void skip(std::size_t place, const std::string& why) {
    if (skipped.emplace(place, why).second) question.cannot_run.push_back(place);
  }
  std::size_t measured() const {
    std::set<std::size_t> places;
    for (const auto& run : question.runs) places.insert(run.commit);
    return places.size();
  }
};

Known known_of(const BisectQuestion& asked, std::size_t tries_max) {
  Known known;
  known.question = {.commits = asked.commits.size(),
                    .confidence = asked.confidence,
                    .change_min = asked.change_min};
  for (const BisectNote& note : asked.notes) {
    const auto found = std::ranges::find_if(asked.commits, [&](const RangeCommit& commit) {
      return commit.sha.starts_with(note.commit);
    });
    if (found == asked.commits.end()) continue;
    const auto place = static_cast<std::size_t>(found - asked.commits.begin());
    if (note.value) {
      known.question.runs.push_back({place, *note.value});
      known.failed_in_a_row[place] = 0;
      known.unit = note.unit;
    } else if (!note.skipped.empty()) {
      known.skip(place, note.skipped);
    } else if (++known.failed_in_a_row[place] >= tries_max) {
      known.skip(place, note.failed);
    }
  }
  return known;
}

/// Checkouts of commits, built.
class Checkouts {
 public:
  Checkouts(const World& world, const BisectQuestion& asked, std::size_t most)
      : world_(world), asked_(asked), most_(most) {}

  struct Checkout {
    std::unique_ptr<OtherCheckout> tree;
    bool is_new = true;          ///< nothing ran there yet
    std::string cannot_prepare;  ///< why
    std::uint64_t used = 0;
  };
  /// Errors: those of OtherCheckout::make and Runner::run.
  Result<Checkout*> of(std::size_t place) {
    Checkout& checkout = checkouts_[place];
    checkout.used = ++uses_;
    if (checkout.tree) return &checkout;
    const RangeCommit& commit = asked_.commits[place];
    BL_TRY(checkout.tree,
           OtherCheckout::make(world_.runner, asked_.folder, commit.sha,
                               world_.temporary_folder + "/" + commit.sha, world_.go_on));
    BL_RETURN_IF_ERROR(prepare(checkout));
    if (checkouts_.size() > most_) {
      checkouts_.erase(std::ranges::min_element(
          checkouts_, {}, [](const auto& entry) { return entry.second.used; }));
    }
    return &checkouts_.at(place);
  }
  void forget(std::size_t place) { checkouts_.erase(place); }

 private:
  Result<void> prepare(Checkout& checkout) {
    if (!asked_.prepare) return {};
    auto end = world_.runner.run({.words = {"sh", "-c", *asked_.prepare},
                                  .folder = checkout.tree->folder(),
                                  .time_max = k_prepare_time_max,
                                  .go_on = world_.go_on,
                                  .own_group = true});
    if (!end.ok() && end.error().code != Code::timeout && end.error().code != Code::not_found)
      return std::move(end).error();
    if (!end.ok()) {
      checkout.cannot_prepare = end.error().message;
    } else if (end->exit_code != 0) {
      checkout.cannot_prepare = fmt::format("--prepare ended with {}: {}", end->exit_code,
                                            last_line(end->err.empty() ? end->out : end->err));
    }
    return {};
  }

  const World& world_;
  const BisectQuestion& asked_;
  std::size_t most_;
  std::uint64_t uses_ = 0;
  std::map<std::size_t, Checkout> checkouts_;
};

class Driver {
 public:
  Driver(const World& world, BisectQuestion asked, const BisectLimits& limits)
      : world_(world),
        asked_(std::move(asked)),
        limits_(limits),
        known_(known_of(asked_, limits.tries_max)),
        checkouts_(world_, asked_, limits.worktrees_max) {
    outcome_.unit = known_.unit;
    outcome_.runs_before = known_.question.runs.size();
    timed_name_ = asked_.scenario.name;
  }

  Result<BisectOutcome> run() {
    while (true) {
      BL_TRY(outcome_.answer, verdict::bisect(known_.question));
      if (outcome_.answer.next.empty() || outcome_.runs + outcome_.failures >= asked_.runs_max)
        break;
      BL_RETURN_IF_ERROR(run_once(outcome_.answer.next.front().commit));
      BL_RETURN_IF_ERROR(check_ends());
    }
    outcome_.commits = asked_.commits;
    outcome_.skipped = known_.skipped;
    outcome_.measured = known_.measured();
    return std::move(outcome_);
  }

 private:
  Result<void> note(BisectNote note) {
    return asked_.log == nullptr ? Result<void>() : asked_.log->add(note);
  }

  Result<void> run_once(std::size_t place) {
    const RangeCommit& commit = asked_.commits[place];
    auto made = checkouts_.of(place);
    if (!made.ok()) return std::move(made).error();
    Checkouts::Checkout& checkout = **made;
    if (!checkout.cannot_prepare.empty()) {
      const std::string why = checkout.cannot_prepare;
      tell(fmt::format("{} passed over: {}", short_of(commit), why));
      known_.skip(place, why);
      checkouts_.forget(place);
      return note({.commit = commit.sha, .skipped = why});
    }
    BL_TRY(const auto value, measure_once(checkout));
    if (!value) return note_failure(place);
    known_.failed_in_a_row[place] = 0;
    known_.question.runs.push_back({place, *value});
    ++outcome_.runs;
    tell_run(place, *value);
    return note({.commit = commit.sha, .value = *value, .unit = outcome_.unit});
  }

  Result<void> note_failure(std::size_t place) {
    const RangeCommit& commit = asked_.commits[place];
    ++outcome_.failures;
    tell(fmt::format("{} failed: {}", short_of(commit), failure_));
    BL_RETURN_IF_ERROR(note({.commit = commit.sha, .failed = failure_}));
    if (++known_.failed_in_a_row[place] < limits_.tries_max) return {};
    known_.skip(place, fmt::format("failed {} times: {}", limits_.tries_max, failure_));
    tell(fmt::format("{} passed over", short_of(commit)));
    return {};
  }

  /// nullopt: the run gave nothing, and failure_ says why.
  Result<std::optional<double>> measure_once(Checkouts::Checkout& checkout) {
    MeasureQuestion question{.scenarios = {asked_.scenario}, .folders = {checkout.tree->folder()}};
    Effort& effort = question.scenarios[0].effort;
    effort.rounds = effort.rounds_max = 1;
    if (!checkout.is_new) effort.warmup = 0;
    question.effort_when_timed = effort;
    auto measured = measure(world_, question);
    // A program that this commit does not have is this commit's failure.
    if (!measured.ok() && measured.error().code != Code::not_found)
      return std::move(measured).error();
    if (!measured.ok()) {
      failure_ = measured.error().message;
      return std::optional<double>();
    }
    const Measured& side = measured->front();
    if (!side.failures.empty()) {
      failure_ = side.failures.front().reason;
      return std::optional<double>();
    }
    checkout.is_new = false;
    return value_of(side.benchmarks);
  }

  Result<std::optional<double>> value_of(const Benchmarks& benchmarks) {
    if (asked_.scenario.may_be_timed) {
      // What the command is does not change from run to run.
      asked_.scenario.may_be_timed = false;
      asked_.scenario.is_timed = benchmarks.size() == 1 && benchmarks[0].name == timed_name_;
    }
    if (!asked_.benchmark && benchmarks.size() == 1) asked_.benchmark = benchmarks.front().name;
    if (!asked_.benchmark) {
      std::vector<std::string> names;
      for (const Benchmark& benchmark : benchmarks) names.push_back(benchmark.name);
      return Error{Code::invalid, fmt::format("the command gives {} benchmarks; choose one with "
                                              "--benchmark: {}",
                                              names.size(), fmt::join(names, ", "))};
    }
    const Benchmark* benchmark = find(benchmarks, *asked_.benchmark);
    if (benchmark == nullptr) {
      failure_ = "it has no benchmark " + *asked_.benchmark;
      return std::optional<double>();
    }
    outcome_.benchmark = benchmark->name;
    outcome_.unit = benchmark->main.unit;
    outcome_.better = benchmark->main.better;
    return std::optional(median(benchmark->main.samples()));
  }

  /// Without values of both ends there is no question.
  Result<void> check_ends() const {
    for (const std::size_t end : {std::size_t{0}, asked_.commits.size() - 1}) {
      const auto found = known_.skipped.find(end);
      if (found == known_.skipped.end()) continue;
      const bool has_values = std::ranges::any_of(
          known_.question.runs, [&](const auto& run) { return run.commit == end; });
      if (has_values) continue;
      return Error{
          Code::invalid,
          fmt::format("the {} end cannot be run, choose another one: {}: {}",
                      end == 0 ? "good" : "bad", short_of(asked_.commits[end]), found->second)};
    }
    return {};
  }

  void tell(const std::string& what) const {
    if (asked_.progress) asked_.progress(what);
  }
  void tell_run(std::size_t place, double value) const {
    const verdict::Bisection& answer = outcome_.answer;
    const auto likely = std::ranges::max_element(answer.guilty) - answer.guilty.begin();
    tell(fmt::format("run {}: {}  {}   so far {} {:.0f} %", outcome_.runs + outcome_.runs_before,
                     short_of(asked_.commits[place]), value_text(value, outcome_.unit),
                     short_of(asked_.commits[static_cast<std::size_t>(likely)]),
                     100 * answer.guilty[static_cast<std::size_t>(likely)]));
  }

  const World& world_;
  BisectQuestion asked_;
  const BisectLimits& limits_;
  Known known_;
  Checkouts checkouts_;
  BisectOutcome outcome_;
  std::string failure_, timed_name_;
};

}  // namespace

Result<BisectOutcome> drive_bisection(const World& world, BisectQuestion question,
                                      const BisectLimits& limits) {
  return Driver(world, std::move(question), limits).run();
}

Result<BisectOutcome> judge_notes(const BisectQuestion& question, std::size_t next_max) {
  Known known = known_of(question, BisectLimits{}.tries_max);
  known.question.next_max = next_max;
  BisectOutcome outcome{.commits = question.commits,
                        .skipped = known.skipped,
                        .unit = known.unit,
                        .runs_before = known.question.runs.size(),
                        .measured = known.measured()};
  BL_TRY(outcome.answer, verdict::bisect(known.question));
  return outcome;
}

bool BisectOutcome::is_worse() const {
  if (answer.changes.empty()) return false;
  return better == Direction::less_is_better ? answer.changes[0].change > 0
                                             : answer.changes[0].change < 0;
}

ExitCode BisectOutcome::exit_code() const {
  using State = verdict::Bisection::State;
  if (answer.state == State::unknown) return ExitCode::undecided;
  if (answer.state == State::no_change) return ExitCode::ok;
  if (answer.state == State::two_changes) return ExitCode::regression;
  return is_worse() ? ExitCode::regression : ExitCode::ok;
}

}  // namespace bl::gate
