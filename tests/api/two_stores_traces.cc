#include "two_stores.h"

/// Traces are in the lake, whatever keeps results: without spans the answers are the same.
namespace bl::product {

std::vector<std::string> trace_reads() {
  const std::string id = "4bf92f3577b34da6a3ce929d0e0e4736";
  const std::string window = "start=2026-01-01T00:00:00Z&end=2026-01-02T00:00:00Z";
  const std::string own = "/api/v1/traces";
  std::vector<std::string> paths = {
      own + "?" + window,
      own + "?limit=0",
      own + "/" + id,
      own + "/none",
      own + "/services",
      own + "/operations?service=shop",
      own + "/attributes",
      own + "/attribute-values?key=k&" + window,
      own + "/dependencies?" + window,
      own + "/metrics?" + window,
      own + "/diff-sets?base_run=a&compare_run=b&" + window,
      own + "/diff-sets?base_run=a",
      own + "/critical-shares?run_id=a&" + window,
  };
  for (const char* more : {"/waterfall", "/flame", "/critical-path", "/spans/00f067aa0ba902b7"}) {
    paths.push_back(own + "/" + id + more);
  }
  for (const std::string more : {"services", "services/shop/operations", "operations?service=shop",
                                 "traces?service=shop", "dependencies", "v3/services",
                                 "v3/operations?service=shop", "v3/traces", "v3/trace-summaries"}) {
    paths.push_back("/jaeger/api/" + more);
  }
  paths.push_back("/jaeger/api/traces/" + id);
  paths.push_back("/jaeger/api/v3/traces/" + id);
  for (const std::string more :
       {"api/echo", "ready", "api/search", "api/search/tags", "api/v2/search/tags",
        "api/search/tag/k/values", "api/v2/search/tag/span.k/values"}) {
    paths.push_back("/tempo/" + more);
  }
  paths.push_back("/tempo/api/traces/" + id);
  paths.push_back("/tempo/api/v2/traces/" + id);
  return paths;
}

std::vector<std::string> unsupported_trace_reads() {
  return {"/jaeger/api/metrics/calls", "/tempo/api/metrics/query_range",
          "/tempo/api/metrics/query"};
}

}  // namespace bl::product
