#include "access/tokens.h"
#include "base/hash.h"

namespace bl::access {
namespace {

/// The token of `Bearer TOKEN`; empty for anything else.
std::string_view bearer_token(std::string_view header) {
  const std::size_t blank = header.find(' ');
  if (blank == std::string_view::npos) return {};
  if (!net::equal_without_case(header.substr(0, blank), "bearer")) return {};
  std::string_view token = header.substr(blank);
  token.remove_prefix(std::min(token.find_first_not_of(' '), token.size()));
  return token;
}

}  // namespace

Result<net::Principal> TokenAuthenticator::authenticate(const net::Request& request) {
  const auto headers = request.headers.all("Authorization");
  if (headers.empty()) return net::Principal{};
  const std::string_view token = headers.size() == 1 ? bearer_token(headers.front()) : "";
  if (token.empty()) {
    return Error{Code::unauthenticated, "the Authorization header must be: Bearer TOKEN"};
  }
  // SHA-256 of both, so that the time tells nothing of the operator token's length either.
  if (equal_constant_time(sha256_hex(token), sha256_hex(operator_token_))) {
    return net::Principal{
        .role = net::Role::admin, .name = "operator", .kind = net::Principal::Kind::operator_token};
  }
  BL_TRY(const auto view, tokens_.find(token));
  if (!view) return Error{Code::unauthenticated, "nobody has this token, or it was revoked"};
  return net::Principal{
      .role = view->role, .id = view->id, .name = view->name, .kind = net::Principal::Kind::token};
}

}  // namespace bl::access
