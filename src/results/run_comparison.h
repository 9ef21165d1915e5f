#pragma once

#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "results/ports.h"

/// Two runs set against each other, series by series (spec/results-conbench.md 3.4).
namespace bl::results {

struct RunPair {
  std::string baseline, contender;   ///< run ids
  std::optional<std::string> after;  ///< cursor: only fingerprints greater than this
  int page_size = 100;               ///< fingerprints
};

struct RunComparisonLimits {
  std::size_t pairs_max = 20'000;             ///< of a page: it ends before the series beyond
  std::size_t samples_bytes_max = 32u << 20;  ///< of a page's results, as stored text
  std::size_t baseline_commits_max = 64;      ///< of a page; beyond, there is no distribution
};

/// A page of a full outer join by fingerprint, ascending. Several results of one series on a side
/// make every pair; a side that has none is absent. Pairs whose units do not match are left out.
struct RunComparisonPage {
  static constexpr std::size_t k_absent = std::numeric_limits<std::size_t>::max();
  struct Pair {
    std::size_t baseline = k_absent, contender = k_absent;  ///< places in results
    verdict::Distribution distribution;  ///< of the series over the baseline's ancestry
  };
  std::vector<StoredResult> results;  ///< without info and hardware; of contexts the language
  std::vector<Pair> pairs;
  std::optional<std::string> next_cursor;  ///< set when there may be more
};

class RunComparisonReader {
 public:
  virtual ~RunComparisonReader() = default;
  /// Errors: not_found, whose message is the id of the run that has no results; too_large (one
  /// series alone has more than pairs_max pairs). Cost: a pass over both runs' results, and the
  /// results of the page's series on the last 100 commits.
  virtual Result<RunComparisonPage> page(const RunPair& pair) = 0;
};

}  // namespace bl::results
