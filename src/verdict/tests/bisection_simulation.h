#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "base/json.h"
#include "verdict/bisection.h"
#include "verdict/rank_sum.h"
#include "verdict/robust.h"

// Slowdowns planted into real noise, and who finds them: bisect(), and plain bisection. Shared by
// bisection_bench.cc and a test.

namespace bl::verdict {

/// Residuals of one series of the accuracy benchmark, in the order in which they were measured.
struct NoisePool {
  std::string id;
  std::vector<double> residuals;  // differences of logarithms
};

/// Of all series with noise of their own whose changes are labelled. Empty: there is no
/// $BENCHLAKE_SHARED.
inline std::vector<NoisePool> real_noise() {
  const char* shared = std::getenv("BENCHLAKE_SHARED");
  const std::string folder = std::string(shared != nullptr ? shared : "") + "/accuracy";
  std::ifstream series(folder + "/series.jsonl"), labels(folder + "/labels.jsonl");
  std::map<std::string, std::vector<std::size_t>> changes;
  for (std::string line; std::getline(labels, line);) {
    const json::Value label = json::parse(line).value();
    const std::string& family = label.find("family")->as_string();
    // Not: drifts and other machines, which are no noise; counters, which have none.
    if (label.find("kind")->as_string() != "semi" || family == "drift" || family == "hardware" ||
        family == "counter")
      continue;
    auto& own = changes[label.find("id")->as_string()];
    for (const json::Value& change : label.find("changes")->items())
      own.push_back(static_cast<std::size_t>(change.find("i")->as_int64().value()));
  }
  std::vector<NoisePool> pools;
  for (std::string line; std::getline(series, line);) {
    const json::Value read = json::parse(line, {.values_max = 100'000}).value();
    const auto found = changes.find(read.find("id")->as_string());
    if (found == changes.end()) continue;
    NoisePool pool{.id = found->first};
    std::vector<double> level;
    const auto& values = read.find("value")->items();
    for (std::size_t i = 0; i <= values.size(); ++i) {
      const bool ends = i == values.size() || std::ranges::count(found->second, i) > 0;
      if (ends && !level.empty()) {
        std::vector<double> copy = level;
        const double middle = median(copy);
        for (const double value : level) pool.residuals.push_back(value - middle);
        level.clear();
      }
      if (i < values.size()) level.push_back(std::log(values[i].as_double()));
    }
    pools.push_back(std::move(pool));
  }
  return pools;
}

/// A range with one slower commit. Each run takes the next residual of a stretch of the series, so
/// that what consecutive runs have in common stays.
class Planted {
 public:
  Planted(const NoisePool& noise, std::size_t commits, std::uint64_t seed)
      : noise_(noise), commits_(commits), random_(seed) {
    guilty_ = 1 + random_() % (commits - 1);
    const double share = static_cast<double>(random_() % 100'000) / 100'000;
    size_ = 0.01 * std::pow(20.0, share);
    at_ = random_() % noise.residuals.size();
  }
  std::size_t commits() const { return commits_; }
  std::size_t guilty() const { return guilty_; }
  double size() const { return size_; }

  double run(std::size_t commit) {
    if (++at_ >= noise_.residuals.size()) at_ = random_() % noise_.residuals.size();
    const double level = commit >= guilty_ ? std::log1p(size_) : 0;
    return 0.25 * std::exp(level + noise_.residuals[at_]);
  }

 private:
  const NoisePool& noise_;
  std::size_t commits_, guilty_ = 0, at_ = 0;
  double size_ = 0;
  std::mt19937_64 random_;
};

struct Outcome {
  std::optional<std::size_t> named;
  std::size_t runs = 0;
  double change = 0;
};

inline constexpr std::size_t k_simulated_runs_max = 600;

/// With `known` values of each end to begin with, which count as no runs.
inline Outcome find_by_bisect(Planted planted, double confidence, std::size_t known,
                              std::size_t runs_max = k_simulated_runs_max) {
  BisectionQuestion question{.commits = planted.commits(), .confidence = confidence};
  for (std::size_t i = 0; i < known; ++i) {
    for (const std::size_t end : {std::size_t{0}, planted.commits() - 1})
      question.runs.push_back({end, planted.run(end)});
  }
  Outcome outcome;
  while (true) {
    const Bisection answer = bisect(question).value();
    if (answer.state == Bisection::State::found) {
      outcome.named = answer.changes[0].first;
      outcome.change = answer.changes[0].change;
    }
    if (answer.state != Bisection::State::unknown || answer.next.empty() ||
        outcome.runs >= runs_max)
      return outcome;
    const std::size_t commit = answer.next[0].commit;
    question.runs.push_back({commit, planted.run(commit)});
    ++outcome.runs;
  }
}

/// Binary search. Each step repeats runs of the middle commit until the test of Mann and Whitney
/// tells it from one side and not from the other, at the confidence that the steps need together.
/// Values of a commit that is decided join its side; while a side is too small to be told from,
/// both are run, too.
inline Outcome find_by_plain_bisection(Planted planted, double confidence, std::size_t known,
                                       std::size_t runs_max = k_simulated_runs_max) {
  const double steps = std::ceil(std::log2(static_cast<double>(planted.commits() - 1)));
  const double alpha = 1 - std::pow(confidence, 1 / steps);
  Outcome outcome;
  std::size_t low = 0, high = planted.commits() - 1;
  std::vector<double> good, bad;
  for (std::size_t i = 0; i < known; ++i) {
    good.push_back(planted.run(low));
    bad.push_back(planted.run(high));
  }
  const auto run = [&](std::size_t commit, std::vector<double>& values) {
    values.push_back(planted.run(commit));
    ++outcome.runs;
  };
  const auto differ = [&](const std::vector<double>& a, const std::vector<double>& b) {
    return rank_sum_p_value(a, b).value_or(1) < alpha;
  };
  while (!differ(good, bad) && outcome.runs < runs_max) {
    run(0, good);
    run(planted.commits() - 1, bad);
  }
  while (high - low > 1) {
    const std::size_t middle = (low + high) / 2;
    std::vector<double> values;
    while (true) {
      if (outcome.runs >= runs_max) return outcome;
      run(middle, values);
      if (values.size() > good.size()) {
        run(0, good);
        run(planted.commits() - 1, bad);
      }
      const bool not_good = differ(good, values), not_bad = differ(bad, values);
      if (not_good == not_bad) continue;
      std::vector<double>& side = not_good ? bad : good;
      side.insert(side.end(), values.begin(), values.end());
      (not_good ? high : low) = middle;
      break;
    }
  }
  outcome.named = high;
  return outcome;
}

}  // namespace bl::verdict
