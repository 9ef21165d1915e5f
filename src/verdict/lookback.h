#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

/// The lookback statistics of Conbench (spec/results-conbench.md 4.5): what a result is compared
/// with, which results are outliers or steps, and where an annotated change begins a new segment.
/// Pure; NaN never comes out, it is nullopt.
namespace bl::verdict {

/// One result of one series, in any order.
struct LookbackRow {
  std::int64_t commit_time = 0;  ///< any unit; equal times are one commit
  std::int64_t result_time = 0;  ///< orders results of one commit
  double value = 0;              ///< single value summary, finite
  bool begins_change = false;    ///< annotated: a new segment begins with this row's commit
};

struct LookbackOptions {
  enum class Window {
    exclusive,  ///< the commits before the row's: the history endpoint
    inclusive,  ///< ending with the row's commit: the distribution of a z-score
  };
  Window window = Window::exclusive;
  int commits = 100;  ///< DISTRIBUTION_COMMITS: both windows, and the rows of the shift detection
  double shift_threshold = 5;  ///< |(d - m) / s| above this is a shift
};

/// What is known about one row. Undefined values are nullopt (the legacy dialect shows stddev 0.0
/// then).
struct LookbackStats {
  bool begins_change = false;
  bool is_step = false;
  bool is_outlier = false;
  int segment = 0;
  std::optional<double> mean_excluding_this_commit;
  std::optional<double> rolling_mean;
  std::optional<double> residual;
  std::optional<double> stddev;
};

/// One element per row, in the order given. `order`, when not null, receives the indexes sorted by
/// (commit_time, result_time). Cost: O(n log n).
std::vector<LookbackStats> lookback(std::span<const LookbackRow> rows,
                                    const LookbackOptions& options,
                                    std::vector<std::size_t>* order = nullptr);

/// The mean and spread that a contender's z-score is computed with: the inclusive statistics of the
/// newest row. nullopt mean when that row is an outlier or there are no rows.
struct Distribution {
  std::optional<double> mean;
  std::optional<double> stddev;
};
Distribution distribution(std::span<const LookbackRow> rows, const LookbackOptions& options);

}  // namespace bl::verdict
