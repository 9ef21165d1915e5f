#pragma once

#include "net/router.h"
#include "results/hardware_keys.h"
#include "results/model.h"

/// GET /api/v1/results/settings: what results are measured and judged by on this server, for the
/// page and for clients: units with their directions, hardware keys, summary, commits of a
/// distribution. The same for the whole life of a process.
namespace bl::results {

struct ResultSettings {
  HardwareKeys hardware_keys;
  SummaryMode mode = SummaryMode::best;
  int distribution_commits = 100;
};

/// Units are those of known_units() when the route is added.
void add_settings_route(net::Router& router, const ResultSettings& settings);

}  // namespace bl::results
