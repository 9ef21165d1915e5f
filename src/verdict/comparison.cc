#include "verdict/comparison.h"

#include <cmath>

namespace bl::verdict {
namespace {

std::optional<Judged> judged(double score, double threshold) {
  if (!std::isfinite(score)) return std::nullopt;
  return Judged{.score = score,
                .threshold = threshold,
                .regression = -score > threshold,
                .improvement = score > threshold};
}

double oriented(double score, Direction direction) {
  return direction == Direction::less_is_better && score != 0 ? -score : score;
}

}  // namespace

std::optional<Judged> pairwise(std::optional<double> baseline, std::optional<double> contender,
                               Direction direction, double threshold_percent) {
  if (!baseline || !contender || *baseline == 0) return std::nullopt;
  const double percent = (*contender - *baseline) / std::abs(*baseline) * 100;
  return judged(oriented(percent, direction), threshold_percent);
}

std::optional<Judged> z_score(const Distribution& distribution, std::optional<double> contender,
                              Direction direction, double threshold_z) {
  if (!contender || !distribution.mean || !distribution.stddev || *distribution.stddev == 0) {
    return std::nullopt;
  }
  const double z = (*contender - *distribution.mean) / *distribution.stddev;
  return judged(oriented(z, direction), threshold_z);
}

}  // namespace bl::verdict
