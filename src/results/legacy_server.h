#pragma once

#include <functional>
#include <string>

#include "base/time.h"
#include "net/router.h"
#include "results/routes.h"

/// What the legacy dialect has besides results: ping, the CSV of a history, robots.txt, the way to
/// the documentation, redirects, and the test aids of its development mode
/// (spec/results-conbench.md 3.1, 3.2).
namespace bl::results {

struct LegacyServerPorts {
  Ports results;
  const Clock& clock;
  /// The revision of Conbench's schema that the store has.
  std::function<Result<std::string>()> schema_revision;
  /// Empties the results tables: a test aid. Without it there are no test aids.
  std::function<Result<void>()> wipe = {};
};

void add_legacy_server_routes(net::Router& router, const LegacyServerPorts& ports);

/// Last of all: for every path below `/api/` that ends in a slash, and whose method nobody knows
/// without it, a 308 to where it is. The page's `{rest...}` knows no path. Where the new dialect
/// has the path with other methods, the description names the redirect.
void add_slash_redirects(net::Router& router);

}  // namespace bl::results
