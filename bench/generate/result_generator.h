#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "results/model.h"

/// Realistic benchmark results out of a seed: the same plan gives the same submissions on every
/// machine. A few series are measured at every commit and are long; the others at some of them.
/// Series have their own level, noise, rare outliers and, some, steps; a few results fail; every
/// 25th commit is one of a pull request.
namespace bl::bench {

struct ResultPlan {
  std::uint64_t seed = 1;
  std::int64_t results = 1'000'000;  ///< about; the draw decides
  int series = 20'000;
  int commits = 520;             ///< of which every 25th is off the default branch
  double long_share = 0.02;      ///< of the series: measured at every commit
  double step_share = 0.2;       ///< of the series: a step somewhere
  double outlier_share = 0.005;  ///< of the values
  double error_share = 0.003;    ///< of the results
};

/// Threads: any.
class ResultGenerator {
 public:
  explicit ResultGenerator(const ResultPlan& plan);

  /// Everything that is measured at one commit, 0 <= commit < plan.commits, in the order of the
  /// series.
  std::vector<results::Submission> commit(int commit) const;
  /// One submission that nothing else equals: for load by many clients. Its series is one of the
  /// plan's.
  results::Submission single(std::uint64_t index) const;
  /// The words of benchmark names, for searches.
  static std::vector<std::string> search_words();

 private:
  struct Series;
  struct CommitFacts;
  Series series(int index) const;
  CommitFacts commit_facts(int commit) const;
  results::Submission submission(const Series& series, const CommitFacts& commit,
                                 std::uint64_t draw) const;
  bool is_long(int series) const;

  ResultPlan plan_;
  double ordinary_share_;  // of the commits at which an ordinary series is measured
};

}  // namespace bl::bench
