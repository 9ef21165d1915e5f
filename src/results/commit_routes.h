#pragma once

#include <chrono>
#include <string>

#include "net/router.h"
#include "results/commit_enricher.h"
#include "results/store_commits.h"

/// Benchlake's own routes for commits that are not known well enough: a list that says why, and
/// their repair here and now. Described in openapi.yaml.
namespace bl::results {

/// All outlive the router.
struct CommitPorts {
  StoreCommits& commits;
  CommitEnricher& enricher;
  const Clock& clock;
  std::string sources;  ///< "git, github", or "none"
  /// Of one repair; what is not done then is for the next page.
  std::chrono::milliseconds repair_time{15'000};
};

void add_commit_routes(net::Router& router, const CommitPorts& ports);

}  // namespace bl::results
