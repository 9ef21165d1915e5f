#pragma once

#include <optional>

#include "verdict/lookback.h"

/// Two questions about one new value (spec/results-conbench.md 4.1, 4.2): how far from a baseline
/// value, and how unusual within a distribution. Negative is always worse. Pure.
namespace bl::verdict {

enum class Direction : unsigned char { less_is_better, more_is_better };

struct Judged {
  double score =
      0;  ///< percent change, or z-score; sign flipped when less is better: negative = worse
  double threshold = 0;
  bool regression = false;   ///< -score > threshold, strict, on the unrounded score
  bool improvement = false;  ///< score > threshold
};

constexpr double k_percent_threshold = 5.0;
constexpr double k_z_threshold = 5.0;

/// (contender - baseline) / |baseline| * 100. nullopt when a side is missing or baseline is 0.
std::optional<Judged> pairwise(std::optional<double> baseline, std::optional<double> contender,
                               Direction direction, double threshold_percent = k_percent_threshold);

/// (contender - mean) / stddev. nullopt when contender, mean or stddev is missing, or stddev is 0.
std::optional<Judged> z_score(const Distribution& distribution, std::optional<double> contender,
                              Direction direction, double threshold_z = k_z_threshold);

}  // namespace bl::verdict
