#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

/// How often a comment is wrong, and how much it tells: pull requests made of real noise.
///
/// A pull request measures some benchmarks, each a series of the accuracy benchmark
/// ($BENCHLAKE_SHARED/accuracy: noise of real histories) at a place where nobody changed anything:
/// its history are the results before, its own runs are the results that came next. In a planted
/// one some benchmarks' own runs are made slower by a share. Both are judged and composed as the
/// server does it.
namespace bl::app {

struct NoisySeries {
  std::string id;
  bool less_is_better = true;
  std::vector<double> values;
  std::vector<std::uint32_t> machines;
  std::vector<std::size_t> quiet;  ///< places where a pull request's first own run may be
};

/// Errors: those of reading the files.
Result<std::vector<NoisySeries>> noisy_series(const std::string& folder, std::size_t own_runs_max);

struct PullRequests {
  std::int64_t count = 0;
  int benchmarks = 8;   ///< of each
  int own_runs = 1;     ///< of each benchmark
  int planted = 0;      ///< benchmarks that are slower, by `slowdown`
  double slowdown = 0;  ///< 0.05 is five percent
  std::uint64_t seed = 1;
};

struct Told {
  std::int64_t pull_requests = 0;
  std::int64_t wrong = 0;   ///< comments that call a benchmark slower or faster which is not
  std::int64_t unsure = 0;  ///< comments that are not wrong and name one as unsure
  std::int64_t planted = 0, found = 0, found_unsure = 0;  ///< benchmarks
};
Told tell(const std::vector<NoisySeries>& series, const PullRequests& asked);

}  // namespace bl::app
