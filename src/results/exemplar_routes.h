#pragma once

#include "net/router.h"
#include "results/exemplars.h"

/// Which traces a result names, which results name a trace, and the same as Prometheus' clients ask
/// for exemplars. Changes need the role writer, and the result's repository. Described in
/// openapi_exemplars.yaml.
namespace bl::results {

/// `exemplars` outlives the router.
void add_exemplar_routes(net::Router& router, Exemplars& exemplars);

/// `/prometheus/api/v1/query_exemplars` (spec/traces.md 7.7), and how errors look below
/// `/prometheus/`: the answer is that of Prometheus' HTTP API. The query is one series selector
/// (series_selector.h) of the metric `benchlake_result`.
void add_prometheus_routes(net::Router& router, Exemplars& exemplars);

}  // namespace bl::results
