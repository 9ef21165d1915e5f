#pragma once

#include "filled_store.h"

/// A CI report at the size of Conbench's published clone: one run of 4,568 results against its
/// fork point, about 6.9 MB of JSON.
namespace bl::bench {

struct ReportPlan {
  int rows = 4'568;
  int commits = 20;  ///< of the default branch, each with a result of every series; 0: no scenario
};

/// Fills a repository of its own unless it is there, and times making the report, writing it, and
/// comparing its two runs.
void time_ci_report(FilledStore& store, const ReportPlan& plan, std::int64_t rounds,
                    Report& report);

}  // namespace bl::bench
