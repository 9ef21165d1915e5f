#pragma once

#include <cmath>
#include <numbers>
#include <string>
#include <vector>

#include "base/random.h"
#include "gate/model.h"

/// Benchmarks for tests.
namespace bl::gate {

using Rounds = std::vector<std::vector<double>>;

inline Benchmark benchmark(std::string name, Rounds rounds) {
  return {.name = std::move(name), .scenario = "s", .main = {.unit = "s", .rounds = rounds}};
}

/// Rounds of one sample each.
inline Benchmark timed(std::string name, const std::vector<double>& samples) {
  Rounds rounds;
  for (const double sample : samples) rounds.push_back({sample});
  return benchmark(std::move(name), std::move(rounds));
}

/// About `seconds`, with noise of that share; the same for the same seed.
inline Benchmark noisy(std::string name, double seconds, double noise, std::size_t rounds,
                       std::uint64_t seed) {
  SeededRandom random(seed);
  const auto uniform = [&] { return (static_cast<double>(random.below(1'000'000)) + 0.5) / 1e6; };
  Rounds made;
  for (std::size_t i = 0; i < rounds; ++i) {
    std::vector<double> round;
    for (int sample = 0; sample < 5; ++sample) {
      const double normal =
          std::sqrt(-2 * std::log(uniform())) * std::cos(2 * std::numbers::pi * uniform());
      round.push_back(seconds * std::exp(noise * normal));
    }
    made.push_back(std::move(round));
  }
  return benchmark(std::move(name), std::move(made));
}

}  // namespace bl::gate
