#pragma once

#include <optional>
#include <string>
#include <vector>

#include "gate/model.h"

/// The gate's own gate: how often it is red for nothing (A against A), and how often it sees a
/// slowdown that was put in, on simulated kinds of noise and on what a baseline recorded. Pure; the
/// same seed gives the same figures.
namespace bl::gate {

struct SelfCheckQuestion {
  int trials = 300;  ///< gates of each kind and slowdown
  std::uint64_t seed = 0;
  Benchmarks recorded;  ///< those with samples are tried, too: their rounds are drawn again
};

/// A share of trials with the interval that holds the true one 95 times in 100 (Wilson).
struct Rate {
  int count = 0, trials = 0;
  double share() const;
  double low() const;
  double high() const;
};

struct SelfCheckLine {
  std::string noise;
  double slowdown = 0;  ///< put into one benchmark of the gate; 0: A against A
  Rate regressions;     ///< gates that were red: of those with a slowdown, for that benchmark
  Rate not_ok;          ///< gates with any exit code but 0
  Rate passed_beyond;   ///< a median beyond its bound, and exit code 0: must be none
};

struct SelfCheck {
  std::vector<SelfCheckLine> lines;
  double false_share_max = 0.05;
  /// Red for nothing no more often than stated (as far as the trials can say), nothing beyond its
  /// bound passed, and half as much again is seen 9 times in 10 on quiet noise.
  bool keeps_its_word() const;
};

SelfCheck check_the_gate(const SelfCheckQuestion& question);

std::string to_screen(const SelfCheck& check, std::optional<std::size_t> width);
std::string to_json(const SelfCheck& check);

}  // namespace bl::gate
