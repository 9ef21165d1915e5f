#pragma once

#include <optional>
#include <string>

#include "results/ports.h"
#include "verdict/comparison.h"

namespace bl::results {

struct Thresholds {
  double percent = verdict::k_percent_threshold;
  double z = verdict::k_z_threshold;
};

/// Two results of one series, judged both ways [4.1, 4.2].
struct Comparison {
  std::optional<std::string> unit;
  std::optional<bool> less_is_better;  ///< absent with the unit
  CompareSide baseline, contender;
  std::optional<verdict::Judged> pairwise, lookback;  ///< absent where no judgement is possible
};

Comparison compare(const CompareInput& input, const Thresholds& thresholds);

/// What a comparison takes of a whole result.
CompareSide side_of(const StoredResult& result, SummaryMode mode);
/// Values of different units are never set against each other; a result that failed has no value.
bool units_match(const CompareSide& baseline, const CompareSide& contender);
/// Errors: invalid (another series, units that do not match).
Result<void> check_comparable(const CompareSide& baseline, const CompareSide& contender);

/// What a run asks of its readers, from the newest state of its series. Statuses and their
/// precedence are those of a CI report [4.8]: action_required (a result failed), failure (a series
/// regressed), skipped (nothing of it could be judged), success.
struct Attention {
  const char* status = "skipped";
  std::string reason;
  std::int64_t compared = 0, regressions = 0, benchmark_errors = 0;
  std::int64_t missing_baseline = 0;  ///< series without enough history
  std::int64_t not_comparable = 0;    ///< series whose newest point is of another run
};
Attention attention_of(const RunRow& run);

}  // namespace bl::results
