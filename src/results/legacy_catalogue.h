#pragma once

#include "net/router.h"
#include "results/baselines.h"
#include "results/catalogue.h"

/// The catalogues of the legacy dialect: commits, contexts, infos, hardware, and runs with their
/// candidate baselines (spec/results-conbench.md 3.2, 3.3, 4.7). Described in openapi.yaml.
namespace bl::results {

struct CataloguePorts {
  CatalogueReader& catalogue;
  BaselineReader& baselines;
};

void add_legacy_catalogue_routes(net::Router& router, const CataloguePorts& ports);

}  // namespace bl::results
