#pragma once

#include <cstdint>
#include <map>
#include <random>
#include <tuple>
#include <utility>
#include <vector>

#include "advice/ports.h"
#include "app/tests/noisy_series.h"

/// How often a comment is wrong, and how much it tells: pull requests made of real noise.
///
/// A pull request measures some benchmarks, each a series at a place where nobody changed anything:
/// its history are the results before, its own runs are the results that came next. In a planted
/// one some benchmarks' own runs are made slower by a share. Both are judged and composed as the
/// server does it.
namespace bl::app {

struct PullRequests {
  std::int64_t count = 0;
  int benchmarks = 8;   ///< of each
  int own_runs = 1;     ///< of each benchmark
  int planted = 0;      ///< benchmarks that are slower, by `slowdown`
  double slowdown = 0;  ///< 0.05 is five percent
  std::uint64_t seed = 1;
  /// All benchmarks of a pull request were measured at one place, on one machine and its bad days:
  /// series of one length, that of a raw history. Such a place may have seen a real change, which
  /// nobody labelled: what is told is wrong unless the median of the 20 results from there on is
  /// away from that of the 20 before by at least half of what was told, in that direction.
  bool together = false;
};

struct Told {
  std::int64_t pull_requests = 0;
  std::int64_t wrong = 0;   ///< comments that call a benchmark slower or faster which is not
  std::int64_t unsure = 0;  ///< comments that are not wrong and name one as unsure
  std::int64_t held = 0;  ///< benchmarks told that nobody planted, and that the results after hold
  std::int64_t planted = 0, found = 0, found_unsure = 0;  ///< benchmarks
};

/// Keeps what was judged, so that a place that is drawn again costs nothing. One thread.
class PullRequestMaker {
 public:
  explicit PullRequestMaker(std::vector<NoisySeries> series) : series_(std::move(series)) {}
  Told tell(const PullRequests& asked);

 private:
  struct Place {
    std::size_t series, first;
  };
  std::vector<Place> draw(const PullRequests& asked, std::mt19937_64& random) const;
  const advice::JudgedRow& judged(Place place, int own_runs, double slowdown);

  std::vector<NoisySeries> series_;
  std::map<std::tuple<std::size_t, std::size_t, int, double>, advice::JudgedRow> judged_;
};

}  // namespace bl::app
