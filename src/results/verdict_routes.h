#pragma once

#include "base/time.h"
#include "net/router.h"
#include "results/verdicts.h"

/// The picture of a series, what all series say of a commit, and the projects' switches. Decode,
/// call a port, encode. Described in openapi_verdicts.yaml.
namespace bl::results {

/// What the routes call. All outlive the router.
struct VerdictRoutePorts {
  VerdictReader& verdicts;
  VerdictSwitches& switches;
  const Clock& clock;
};

void add_verdict_routes(net::Router& router, const VerdictRoutePorts& ports);

}  // namespace bl::results
