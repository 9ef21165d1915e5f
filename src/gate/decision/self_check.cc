#include "gate/self_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>

#include "base/json.h"
#include "base/random.h"
#include "base/terminal.h"
#include "gate/decision.h"

namespace bl::gate {
namespace {

constexpr double k_slowdowns[] = {0, 0.05, 0.15, 0.3, 0.5};
constexpr double k_seen_slowdown = 0.5, k_seen_share_min = 0.9;
constexpr const char* k_quiet = "even, 1 %";
// A gate as gate.toml has it when nothing is said, against a baseline of ten runs.
constexpr int k_benchmarks = 5, k_samples = 5;
constexpr std::size_t k_baseline_rounds = 10, k_rounds = 5, k_rounds_max = 15;
constexpr double k_z_of_95 = 1.959963984540054;

double uniform(Random& random) {
  return (static_cast<double>(random.next_u64() >> 11) + 0.5) * 0x1p-53;
}

double normal(Random& random) {
  const double radius = std::sqrt(-2 * std::log(uniform(random)));
  return radius * std::cos(2 * std::numbers::pi * uniform(random));
}

using Round = std::vector<double>;
/// One round of a benchmark that takes a second.
using Noise = std::function<Round(Random&)>;

template <class Sample>
Noise each(Sample sample) {
  return [sample](Random& random) {
    Round round;
    for (int i = 0; i < k_samples; ++i) round.push_back(sample(random));
    return round;
  };
}

/// Every sample of a round has its run's factor.
template <class Factor>
Noise by_run(Factor factor) {
  return [factor](Random& random) {
    const double of_run = factor(random);
    Round round;
    for (int i = 0; i < k_samples; ++i) round.push_back(of_run * std::exp(0.01 * normal(random)));
    return round;
  };
}

struct Kind {
  std::string name;
  std::vector<Noise> benchmarks;
};

std::vector<Kind> simulated_kinds() {
  const std::vector<std::pair<std::string, Noise>> noises = {
      {k_quiet, each([](Random& r) { return std::exp(0.01 * normal(r)); })},
      {"even, 5 %", each([](Random& r) { return std::exp(0.05 * normal(r)); })},
      {"even, 20 %", each([](Random& r) { return std::exp(0.2 * normal(r)); })},
      {"outliers", each([](Random& r) {
         return std::exp(0.02 * normal(r)) * (uniform(r) < 0.1 ? 1.5 + uniform(r) : 1);
       })},
      {"two modes of a run", by_run([](Random& r) { return uniform(r) < 0.3 ? 1.06 : 1.0; })},
      {"runs differ, 4 %", by_run([](Random& r) { return std::exp(0.04 * normal(r)); })},
      {"coarse clock",
       each([](Random& r) { return std::round(std::exp(0.02 * normal(r)) * 50) / 50; })}};
  std::vector<Kind> kinds;
  for (const auto& [name, noise] : noises)
    kinds.push_back({name, std::vector<Noise>(k_benchmarks, noise)});
  return kinds;
}

std::optional<Kind> recorded_kind(const Benchmarks& recorded) {
  Kind kind{.name = "recorded", .benchmarks = {}};
  for (const Benchmark& benchmark : recorded) {
    const auto& rounds = benchmark.main.rounds;
    if (rounds.size() < 2) continue;
    kind.benchmarks.emplace_back(
        [rounds](Random& random) { return rounds[random.below(rounds.size())]; });
  }
  if (kind.benchmarks.empty()) return std::nullopt;
  return kind;
}

Benchmarks measured(const Kind& kind, std::size_t rounds, Random& random) {
  Benchmarks benchmarks;
  for (std::size_t i = 0; i < kind.benchmarks.size(); ++i) {
    Series series{.unit = "s"};
    for (std::size_t round = 0; round < rounds; ++round)
      series.rounds.push_back(kind.benchmarks[i](random));
    const std::string name = fmt::format("{:06}", i);
    benchmarks.push_back({.name = name, .scenario = name, .main = std::move(series)});
  }
  return benchmarks;
}

void slow_down(Benchmark& benchmark, double by, std::size_t from_round) {
  for (std::size_t i = from_round; i < benchmark.main.rounds.size(); ++i) {
    for (double& sample : benchmark.main.rounds[i]) sample *= 1 + by;
  }
}

bool is_open(const Row& row) {
  return row.status == Status::undecided || row.status == Status::noisy;
}

bool passed_beyond(const Judgement& judgement) {
  return judgement.exit_code == ExitCode::ok &&
         std::ranges::any_of(judgement.rows, [](const Row& row) {
           return row.criteria.front().change > row.criteria.front().bound;
         });
}

void add_trial(const Kind& kind, Random& random, SelfCheckLine& line) {
  const Benchmarks before = measured(kind, k_baseline_rounds, random);
  Benchmarks now = measured(kind, k_rounds, random);
  Benchmark& victim = now[random.below(now.size())];
  slow_down(victim, line.slowdown, 0);
  Judgement judgement = judge({.baseline = before, .measured = now});
  // As `measure` does it: what is open gets more rounds.
  for (std::size_t rounds = k_rounds; rounds < k_rounds_max; ++rounds) {
    bool grew = false;
    for (const Row& row : judgement.rows) {
      if (!is_open(row)) continue;
      const auto at = std::ranges::lower_bound(now, row.name, {}, &Benchmark::name);
      at->main.rounds.push_back(
          kind.benchmarks[static_cast<std::size_t>(at - now.begin())](random));
      if (at->name == victim.name) slow_down(*at, line.slowdown, at->main.rounds.size() - 1);
      grew = true;
    }
    if (!grew) break;
    judgement = judge({.baseline = before, .measured = now});
  }
  const bool is_red = std::ranges::any_of(judgement.rows, [&](const Row& row) {
    return row.status == Status::regression && (line.slowdown == 0 || row.name == victim.name);
  });
  line.regressions.count += is_red ? 1 : 0;
  line.not_ok.count += judgement.exit_code == ExitCode::ok ? 0 : 1;
  line.passed_beyond.count += passed_beyond(judgement) ? 1 : 0;
  for (Rate* rate : {&line.regressions, &line.not_ok, &line.passed_beyond}) ++rate->trials;
}

std::string rate_text(const Rate& rate) {
  return fmt::format("{:.1f} % ({:.1f} .. {:.1f})", rate.share() * 100, rate.low() * 100,
                     rate.high() * 100);
}

/// The middle of Wilson's interval and half its width.
std::pair<double, double> wilson(const Rate& rate) {
  const double n = rate.trials, z = k_z_of_95, p = rate.share();
  const double middle = (p + z * z / (2 * n)) / (1 + z * z / n);
  const double half = z / (1 + z * z / n) * std::sqrt(p * (1 - p) / n + z * z / (4 * n * n));
  return {middle, half};
}

void write_rate(json::Writer& out, const char* key, const Rate& rate) {
  out.key(key).begin_object().member("count", rate.count).member("trials", rate.trials);
  out.member("share", rate.share()).member("low", rate.low()).member("high", rate.high());
  out.end_object();
}

}  // namespace

double Rate::share() const {
  return trials == 0 ? 0 : static_cast<double>(count) / trials;
}

double Rate::low() const {
  if (trials == 0 || count == 0) return 0;
  const auto [middle, half] = wilson(*this);
  return std::max(0.0, middle - half);
}

double Rate::high() const {
  if (trials == 0 || count == trials) return 1;
  const auto [middle, half] = wilson(*this);
  return std::min(1.0, middle + half);
}

bool SelfCheck::keeps_its_word() const {
  return std::ranges::all_of(lines, [&](const SelfCheckLine& line) {
    if (line.passed_beyond.count > 0) return false;
    if (line.slowdown == 0) return line.regressions.low() <= false_share_max;
    const bool must_be_seen = line.noise == k_quiet && line.slowdown >= k_seen_slowdown;
    return !must_be_seen || line.regressions.high() >= k_seen_share_min;
  });
}

SelfCheck check_the_gate(const SelfCheckQuestion& question) {
  std::vector<Kind> kinds = simulated_kinds();
  if (auto recorded = recorded_kind(question.recorded)) kinds.push_back(std::move(*recorded));
  SelfCheck check;
  for (const Kind& kind : kinds) {
    for (const double slowdown : k_slowdowns) {
      SeededRandom random(question.seed);
      SelfCheckLine line{.noise = kind.name, .slowdown = slowdown};
      for (int i = 0; i < question.trials; ++i) add_trial(kind, random, line);
      check.lines.push_back(std::move(line));
    }
  }
  return check;
}

std::string to_screen(const SelfCheck& check, std::optional<std::size_t> width) {
  using enum Table::Align;
  Table table({{"noise"},
               {"slower by", right},
               {"regression", right},
               {"exit code not 0", right},
               {"passed beyond the bound", right}});
  for (const SelfCheckLine& line : check.lines) {
    table.add_row({line.noise, line.slowdown == 0 ? "A/A" : percent_text(line.slowdown),
                   rate_text(line.regressions), rate_text(line.not_ok),
                   std::to_string(line.passed_beyond.count)});
  }
  std::string text = table.to_text(width, false);
  return text + fmt::format(
                    "\n{}: red for nothing at most {:.0f} % of gates (A/A), nothing beyond its "
                    "bound passed, +50 % is seen on quiet noise\n",
                    check.keeps_its_word() ? "holds" : "does NOT hold",
                    check.false_share_max * 100);
}

std::string to_json(const SelfCheck& check) {
  std::string text;
  json::Writer out(text);
  out.begin_object().member("holds", check.keeps_its_word());
  out.member("false_share_max", check.false_share_max).key("lines").begin_array();
  for (const SelfCheckLine& line : check.lines) {
    out.begin_object().member("noise", line.noise).member("slowdown", line.slowdown);
    write_rate(out, "regressions", line.regressions);
    write_rate(out, "not_ok", line.not_ok);
    write_rate(out, "passed_beyond", line.passed_beyond);
    out.end_object();
  }
  out.end_array().end_object();
  return text;
}

}  // namespace bl::gate
