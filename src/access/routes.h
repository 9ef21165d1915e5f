#pragma once

#include "access/tokens.h"
#include "net/router.h"

namespace bl::access {

/// GET/POST /api/tokens, DELETE /api/tokens/{id} (spec/results-conbench.md 3.5): admin only, the
/// plaintext is in the answer of POST and nowhere else. GET /api/auth/capabilities.
void add_routes(net::Router& router, Tokens& tokens);

}  // namespace bl::access
