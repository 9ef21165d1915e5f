#include "access/authenticator.h"

#include "access/cross_site.h"
#include "base/hash.h"
#include "base/hmac.h"

namespace bl::access {
namespace {

using MaybePrincipal = Result<std::optional<net::Principal>>;

/// Before a token in a session cookie; no session's secret has a full stop.
constexpr std::string_view k_token_mark = "token.";
constexpr std::size_t k_token_cookie_bytes_max = 1'000;

bool changes_something(net::Method method) {
  using enum net::Method;
  return method != get && method != head && method != options;
}

/// The token of `Bearer TOKEN`; empty for anything else.
std::string_view bearer_token(std::string_view header) {
  const std::size_t blank = header.find(' ');
  if (blank == std::string_view::npos) return {};
  if (!net::equal_without_case(header.substr(0, blank), "bearer")) return {};
  std::string_view token = header.substr(blank);
  token.remove_prefix(std::min(token.find_first_not_of(' '), token.size()));
  return token;
}

/// Tokens are compared by SHA-256, so that the time tells nothing of their length either.
std::string sha256_of_token(const std::string& token) {
  return token.empty() ? std::string() : sha256_hex(token);
}

net::Principal principal_of_session(const User& user) {
  return {.role = user.role,
          .id = user.id,
          .name = user.email,
          .kind = net::Principal::Kind::session,
          .user_id = user.id};
}

Result<net::Principal> with_access_disabled(const net::Request& request) {
  // A page anywhere can ask a loopback address, also by a name of its own.
  const std::string_view host = request.headers.get("Host");
  if (!is_loopback_host(host)) {
    return Error{Code::forbidden,
                 std::string("access.disabled is for loopback names only, not ").append(host)};
  }
  if (changes_something(request.method)) BL_RETURN_IF_ERROR(refuse_cross_site(request, ""));
  return net::Principal{.role = net::Role::admin, .name = "everybody"};
}

}  // namespace

std::optional<std::string> cookie_of_token(std::string_view token) {
  const bool fits =
      token.size() <= k_token_cookie_bytes_max &&
      std::all_of(token.begin(), token.end(), [](char c) { return c > ' ' && c < 0x7f; }) &&
      token.find_first_of("\",;\\") == std::string_view::npos;
  if (!fits || token.empty()) return std::nullopt;
  return std::string(k_token_mark).append(token);
}

std::string remember_token(std::string_view user_id, std::string_view secret) {
  return std::string(user_id).append("|").append(hmac_sha512_hex(secret, user_id));
}

RequestAuthenticator::RequestAuthenticator(Tokens& tokens, Sessions& sessions, Users& users,
                                           const Clock& clock, Metrics& metrics,
                                           AuthenticatorOptions options)
    : tokens_(tokens),
      sessions_(sessions),
      users_(users),
      options_(std::move(options)),
      operator_sha256_(sha256_of_token(options_.operator_token)),
      configured_sha256_(sha256_of_token(options_.configured_token)),
      writes_(clock, options_.writes),
      writes_refused_(limit_counter(metrics, "writes")),
      guesses_(clock, metrics, options_.wrong_tokens) {}

Result<net::Principal> RequestAuthenticator::authenticate(const net::Request& request) {
  if (options_.disabled) return with_access_disabled(request);
  BL_TRY(net::Principal principal, identify(request));
  const bool is_counted = principal.role != net::Role::anonymous && !principal.id.empty() &&
                          changes_something(request.method);
  if (is_counted && !writes_.take(principal.id)) {
    writes_refused_.add();
    return Error{Code::too_many, "too many writes of one client; the most in a minute are " +
                                     std::to_string(std::int64_t(options_.writes.per_minute))};
  }
  return principal;
}

Result<net::Principal> RequestAuthenticator::identify(const net::Request& request) {
  if (request.headers.find("Authorization") != nullptr) return by_bearer(request);
  BL_TRY(auto principal, by_cookies(request));
  if (!principal) return net::Principal{};
  if (changes_something(request.method))
    BL_RETURN_IF_ERROR(refuse_cross_site(request, options_.base_url));
  return *std::move(principal);
}

Result<net::Principal> RequestAuthenticator::by_bearer(const net::Request& request) {
  const auto headers = request.headers.all("Authorization");
  const std::string_view token = headers.size() == 1 ? bearer_token(headers.front()) : "";
  if (token.empty()) {
    return Error{Code::unauthenticated, "the Authorization header must be: Bearer TOKEN"};
  }
  const std::string sha256 = sha256_hex(token);
  TokenGuesses::Attempt attempt(guesses_, sha256, request.peer);
  if (!attempt.is_allowed()) {
    return Error{
        Code::too_many,
        "too many tokens that nobody has came from this address; try again later: " + request.peer};
  }
  BL_TRY(auto principal, by_any_token(token, sha256));
  if (!principal) {
    attempt.was_wrong();
    return Error{Code::unauthenticated, "nobody has this token, or it was revoked"};
  }
  attempt.was_right();
  return *std::move(principal);
}

MaybePrincipal RequestAuthenticator::by_token_cookie(std::string_view token,
                                                     std::string_view peer) {
  TokenGuesses::Attempt attempt(guesses_, sha256_hex(token), peer);
  if (!attempt.is_allowed()) return std::optional<net::Principal>();
  BL_TRY(auto principal, by_token(token));
  principal ? attempt.was_right() : attempt.was_wrong();
  return principal;
}

MaybePrincipal RequestAuthenticator::by_any_token(std::string_view token, std::string_view sha256) {
  if (equal_constant_time(sha256, operator_sha256_)) {
    return std::optional(net::Principal{.role = net::Role::admin,
                                        .name = "operator",
                                        .kind = net::Principal::Kind::operator_token});
  }
  if (equal_constant_time(sha256, configured_sha256_)) {
    return std::optional(net::Principal{.role = net::Role::writer,
                                        .name = "access.operator_token",
                                        .kind = net::Principal::Kind::token});
  }
  return by_token(token);
}

MaybePrincipal RequestAuthenticator::by_token(std::string_view token) {
  BL_TRY(const auto view, tokens_.find(token));
  if (!view) return std::optional<net::Principal>();
  return principal_of(*view, users_);
}

MaybePrincipal RequestAuthenticator::by_cookies(const net::Request& request) {
  for (const std::string_view name : {k_session_cookie, k_legacy_session_cookie}) {
    BL_TRY(auto principal, by_session(cookie_of(request, name), request.peer));
    if (principal) return principal;
  }
  return by_remember_token(cookie_of(request, k_remember_cookie));
}

MaybePrincipal RequestAuthenticator::by_session(std::string_view cookie, std::string_view peer) {
  if (cookie.starts_with(k_token_mark)) {
    return by_token_cookie(cookie.substr(k_token_mark.size()), peer);
  }
  BL_TRY(const auto user, sessions_.find(cookie));
  if (!user) return std::optional<net::Principal>();
  return std::optional(principal_of_session(*user));
}

MaybePrincipal RequestAuthenticator::by_remember_token(std::string_view cookie) {
  const std::size_t bar = cookie.rfind('|');
  if (options_.legacy_secret.empty() || bar == std::string_view::npos || bar == 0)
    return std::optional<net::Principal>();
  const std::string_view user_id = cookie.substr(0, bar);
  if (!equal_constant_time(remember_token(user_id, options_.legacy_secret), cookie))
    return std::optional<net::Principal>();
  BL_TRY(const auto user, users_.find(user_id));
  if (!user) return std::optional<net::Principal>();
  return std::optional(principal_of_session(*user));
}

}  // namespace bl::access
