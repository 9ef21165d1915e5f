#pragma once

#include "results/ci_report.h"
#include "results/verdicts.h"

/// Which results of a report's run are judged as contenders. Pure.
namespace bl::results {

/// The series of a run off the default branch whose baseline's commit is known: those that
/// regressed first, then those that improved, then the others; without results that failed or are
/// not comparable. A run on the default branch has none: its results are points of their series.
BranchRun contenders_of(const CiRun& run);

}  // namespace bl::results
