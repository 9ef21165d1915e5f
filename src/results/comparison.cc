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

CompareSide side_of(const StoredResult& result, SummaryMode mode) {
  return {.result_id = result.id,
          .run_id = result.run_id,
          .history_fingerprint = result.history_fingerprint,
          .unit = result.stats.unit,
          .summary = result.summary(mode),
          .failed = result.failed()};
}

bool units_match(const CompareSide& baseline, const CompareSide& contender) {
  return baseline.failed || contender.failed || baseline.unit == contender.unit;
}

Result<void> check_comparable(const CompareSide& baseline, const CompareSide& contender) {
  if (baseline.history_fingerprint != contender.history_fingerprint) {
    return Error{Code::invalid,
                 "the two results are of different series: " + baseline.history_fingerprint +
                     " and " + contender.history_fingerprint};
  }
  if (!units_match(baseline, contender)) {
    return Error{Code::invalid, "the units of the two results do not match: " + *baseline.unit +
                                    " and " + *contender.unit};
  }
  return {};
}

namespace {

/// Why nothing of the run could be judged.
std::string reason_to_skip(const Attention& attention) {
  if (attention.not_comparable == 0) {
    return "no series of this run has enough history to be compared";
  }
  if (attention.missing_baseline == 0) {
    return "the newest points of this run's series are of other runs";
  }
  return std::to_string(attention.missing_baseline) +
         " series of this run do not have enough history to be compared; the newest points of the "
         "other " +
         std::to_string(attention.not_comparable) + " are of other runs";
}

}  // namespace

Attention attention_of(const RunRow& run) {
  Attention attention;
  attention.compared = run.regressed_count + run.improved_count + run.stable_count;
  attention.regressions = run.regressed_count;
  attention.benchmark_errors = run.error_count;
  attention.missing_baseline = run.insufficient_count;
  attention.not_comparable =
      std::max<std::int64_t>(0, run.series_count - attention.compared - attention.missing_baseline);
  const std::string regressed = std::to_string(attention.regressions) + " of " +
                                std::to_string(attention.compared) + " compared series regressed";
  if (attention.benchmark_errors > 0) {
    attention.status = "action_required";
    attention.reason = std::to_string(attention.benchmark_errors) + " of " +
                       std::to_string(run.result_count) + " results failed";
    if (attention.regressions > 0) attention.reason += "; " + regressed;
  } else if (attention.regressions > 0) {
    attention.status = "failure";
    attention.reason = regressed;
  } else if (attention.compared > 0) {
    attention.status = "success";
    attention.reason =
        "no regression in " + std::to_string(attention.compared) + " compared series";
  } else {
    attention.reason = reason_to_skip(attention);
  }
  return attention;
}

}  // namespace bl::results
