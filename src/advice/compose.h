#pragma once

#include <vector>

#include "advice/model.h"
#include "advice/ports.h"

/// From facts to the comment. Pure; the same facts give the same comment.
///
/// What is told. A benchmark is called slower (or faster) when its history says so and it stays
/// believable beside all others that were looked at. A history's confidence is that of one series;
/// how often a quiet result gets so much is measured (comment_bench, docs/pull-requests.md):
/// `quiet_share` times the odds against the change. Of these probabilities Benjamini and Hochberg
/// tell as many as keep the mistakes within `mistakes_max`, which among quiet benchmarks is the
/// share of wrong comments. So one surprise among two hundred benchmarks has to be surer than one
/// of two, and many that changed together support each other.
/// What falls short, and what its history waits for, is `unsure`: never called slower, with the
/// number of runs that would decide. A jump from one unit to another is no slowdown. A benchmark
/// that failed is told only when its baseline did not fail.
///
/// What is not known (no baseline, missing runs, failed builds, no traces) is always listed.
namespace bl::advice {

struct ComposeRules {
  double mistakes_max = 0.005;
  double quiet_share = 0.001;          ///< of quiet results that look like a change with even odds
  double unsure_confidence_min = 0.5;  ///< less is not worth anybody's time
  double told_percent_min = 0.5;       ///< a smaller change is true and nobody's concern
  double group_ratio_max = 1.5;        ///< largest over smallest change of one cause
  std::size_t unsure_max = 10;         ///< told; the rest is counted
  std::size_t traced_max = 5;          ///< findings whose traces are compared
  std::size_t spans_max = 3;           ///< of a finding
  int runs_max = 50;                   ///< asked of nobody beyond
};

/// What is told of each benchmark, in the order of the comment: the first step.
std::vector<Finding> findings_of(const ChangeReport& report, const ComposeRules& rules = {});

/// What was asked of traces, for the finding at that place.
struct TracedFinding {
  std::size_t finding = 0;
  TraceComparison comparison;
};

struct ComposeFacts {
  const Question& question;
  const ChangeReport& report;
  std::vector<Finding> findings;  ///< of findings_of(report)
  std::vector<TracedFinding> traces;
  std::vector<FailedBuild> builds;
  std::vector<Unknown> unknown;  ///< beside those of the report: ports that failed
};

Comment compose(ComposeFacts facts, const ComposeRules& rules = {});

}  // namespace bl::advice
