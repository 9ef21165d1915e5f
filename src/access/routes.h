#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "access/tokens.h"
#include "access/users.h"
#include "net/router.h"

namespace bl::access {

/// Outlive the router.
struct TokenRoutePorts {
  Tokens& tokens;
  Users& users;
  /// The repository as results know it. Errors: invalid (`repository` is no URL of one). Not set:
  /// as it is written.
  std::function<Result<std::string>(std::string_view)> normalise_repository = {};
};

/// GET/POST /api/tokens, DELETE /api/tokens/{id} (spec/results-conbench.md 3.5): one's own; others'
/// are not there, but for an admin. Whoever makes a token gives it nothing that they may not do
/// themselves, and what may write to one repository alone makes and revokes none. The plaintext is
/// in the answer of POST and nowhere else. Described in openapi.yaml.
void add_routes(net::Router& router, const TokenRoutePorts& ports);

}  // namespace bl::access
