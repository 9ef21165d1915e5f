#include "results/comparison.h"

#include <algorithm>

namespace bl::results {

using verdict::Direction;

Comparison compare(const CompareInput& input, const Thresholds& thresholds) {
  Comparison comparison{.baseline = input.baseline, .contender = input.contender};
  comparison.unit = input.contender.unit ? input.contender.unit : input.baseline.unit;
  if (!comparison.unit) return comparison;
  const Direction direction = direction_of(*comparison.unit);
  comparison.less_is_better = direction == Direction::less_is_better;
  const auto value_of = [](const CompareSide& side) {
    return side.failed ? std::nullopt : side.summary.value;
  };
  const auto contender = value_of(input.contender);
  comparison.pairwise =
      verdict::pairwise(value_of(input.baseline), contender, direction, thresholds.percent);
  comparison.lookback = verdict::z_score(input.distribution, contender, direction, thresholds.z);
  return comparison;
}

Attention attention_of(const RunRow& run) {
  Attention attention;
  attention.compared = run.regressed_count + run.improved_count + run.stable_count;
  attention.regressions = run.regressed_count;
  attention.benchmark_errors = run.error_count;
  attention.missing_baseline = std::max<std::int64_t>(0, run.series_count - attention.compared);
  if (run.regressed_count > 0) {
    attention.status = "failure";
    attention.reason = std::to_string(run.regressed_count) + " of " +
                       std::to_string(attention.compared) + " compared series regressed";
  } else if (attention.compared > 0) {
    attention.status = "success";
    attention.reason =
        "no regression in " + std::to_string(attention.compared) + " compared series";
  } else {
    attention.reason = "no series of this run has enough history to be compared";
  }
  return attention;
}

}  // namespace bl::results
