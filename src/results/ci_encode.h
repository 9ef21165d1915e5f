#pragma once

#include <span>
#include <string>

#include "results/ci_report.h"
#include "results/verdicts.h"

namespace bl::results {

/// CIReport of spec/results-conbench.md 3.5. Beyond the contract: `threshold_source` and
/// `notify_improvements`, the run's `baseline`, and `threshold_source` of a row that has a
/// threshold of its own; `verdict` of a row's series, and of them all; `contender_verdict` of a row
/// and of all, where there are any: `contenders`, by the report's runs. Cost: one pass of appending
/// into one reservation.
std::string encode_ci_report(const CiReport& report, const StoredVerdicts& verdicts = {},
                             std::span<const StoredVerdicts> contenders = {});
/// The summary alone, as it stands in a report.
std::string encode_ci_summary(const CiSummary& summary);

}  // namespace bl::results
