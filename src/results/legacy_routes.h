#pragma once

#include "results/routes.h"

/// The legacy dialect of Conbench's API (spec/results-conbench.md 3.2-3.4, 3.6): the paths that end
/// in a slash. Decode, call a port, encode; nothing else. Described in openapi.yaml.
namespace bl::results {

/// Also gives every error below `/api/` on a path that ends in a slash the legacy shape.
void add_legacy_routes(net::Router& router, const Ports& ports);

}  // namespace bl::results
