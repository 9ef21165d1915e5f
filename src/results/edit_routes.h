#pragma once

#include "net/router.h"
#include "results/result_editor.h"
#include "results/routes.h"

/// PUT and DELETE of a result, in both dialects (spec/results-conbench.md 3.2, 3.5, 4.10). Role
/// writer, and the result's repository. Described in openapi.yaml.
namespace bl::results {

void add_edit_routes(net::Router& router, const Ports& ports, ResultEditor& editor);

}  // namespace bl::results
