#pragma once

#include "results/ci_report.h"

/// Ports of what a CI asks. Threads: any. Errors of all: io, overloaded, timeout, and those named.
namespace bl::results {

class CiReporter {
 public:
  virtual ~CiReporter() = default;
  /// A selection that holds nothing is a report too (action_required). Errors: invalid (check() of
  /// ci_report.h; more rows than rows_max). Cost: a few statements for each run, whatever its size;
  /// the results of at most 100 commits for the distributions.
  virtual Result<CiReport> report(const CiQuery& query) = 0;
};

}  // namespace bl::results
