#pragma once

#include "net/router.h"
#include "results/ci_ports.h"
#include "results/inventory.h"
#include "results/project.h"
#include "results/snapshots.h"
#include "results/thresholds.h"
#include "results/verdicts.h"

/// What a CI and its people ask: the report (spec/results-conbench.md 3.5, 4.8), what was regressed
/// when, thresholds, the expected inventory, how projects stand. Decode, call a port, encode.
/// Described in openapi.yaml.
namespace bl::results {

/// What the routes call. All outlive the router.
struct CiRoutePorts {
  CiReporter& reporter;
  SnapshotStore& snapshots;
  ThresholdStore& thresholds;
  InventoryStore& inventory;
  ProjectReader& project;
  const Clock& clock;
  VerdictReader* verdicts = nullptr;  ///< shown beside the rows; may be missing
};

/// All of them.
void add_ci_routes(net::Router& router, const CiRoutePorts& ports);
/// The part of thresholds and pins, which people set. Called by add_ci_routes.
void add_ci_setting_routes(net::Router& router, const CiRoutePorts& ports);
/// The part of rollups. Called by add_ci_routes.
void add_project_routes(net::Router& router, const CiRoutePorts& ports);

/// Who changes something, for the audit.
Change change_of(const net::Request& request, const Clock& clock);
net::Response ci_answer(const Result<std::string>& body, const net::Request& request);
/// A route whose work gives the JSON of a 200, or an error that becomes a problem. The ports are
/// copied.
template <class Ports>
void add_answer(net::Router& router, const Ports& ports, net::Method method, const char* pattern,
                net::Access access, Result<std::string> (*work)(const net::Request&, const Ports&),
                net::RouteOptions options = {}) {
  router.add(
      {.method = method,
       .pattern = pattern,
       .access = access,
       .handler = [work, ports](
                      net::Request& request) { return ci_answer(work(request, ports), request); },
       .options = options});
}

}  // namespace bl::results
