#pragma once

#include "net/router.h"
#include "results/run_comparison.h"

/// `GET /api/compare/runs/{baseline}...{contender}/` (spec/results-conbench.md 3.4). Described in
/// openapi.yaml.
namespace bl::results {

void add_legacy_run_comparison_route(net::Router& router, RunComparisonReader& reader,
                                     SummaryMode mode);

}  // namespace bl::results
