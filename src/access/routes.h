#pragma once

#include "access/tokens.h"
#include "net/router.h"

namespace bl::access {

/// GET/POST /api/tokens, DELETE /api/tokens/{id} (spec/results-conbench.md 3.5): admin only, the
/// plaintext is in the answer of POST and nowhere else. GET /api/auth/capabilities: what the caller
/// may do. Described in openapi.yaml. `tokens` outlives the router.
void add_routes(net::Router& router, Tokens& tokens);

}  // namespace bl::access
