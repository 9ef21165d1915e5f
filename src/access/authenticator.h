#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "access/owned_tokens.h"
#include "access/rate_limiter.h"
#include "access/sessions.h"
#include "access/token_guesses.h"
#include "access/tokens.h"
#include "access/users.h"
#include "base/metrics.h"
#include "net/server.h"

/// Who asks: everything by which somebody can prove it, in one place.
namespace bl::access {

struct AuthenticatorOptions {
  std::string operator_token;    ///< admin; that of the data folder
  std::string configured_token;  ///< writer; CONBENCH_API_TOKEN of a new Conbench; empty: none
  /// SECRET_KEY of the old deployment: its `remember_token` cookies go on working. Empty: they do
  /// not.
  std::string legacy_secret;
  std::string base_url;  ///< as people know this server; may be empty
  /// Everybody who comes to a loopback name is an admin. For development.
  bool disabled = false;
  /// Requests of one principal that change something; the operator has no limit.
  Rate writes{.burst = 60'000, .per_minute = 60'000};
  /// Tokens that nobody has, from one address; one that was right there before is not counted.
  /// Behind a proxy all clients may have one address.
  Rate wrong_tokens{.burst = 100, .per_minute = 20};
};

/// In this order:
/// 1. `Authorization: Bearer TOKEN`: the operator's, the configured one, or an API token. Another
///    scheme, several of them or a token that nobody has is unauthenticated; cookies are not
///    looked at. After many such tokens from one address a token that was not seen there before is
///    refused, right or wrong.
/// 2. The cookies `conbench_session`, `session`, then the old deployment's `remember_token`. One
///    that nobody has, or whose token is refused as above, is passed over: a browser cannot help
///    what it carries. A request that changes
///    something by a cookie is forbidden when another site's page made it (cross_site.h).
/// 3. Nothing: anonymous.
///
/// Errors: unauthenticated, forbidden, too_many (writes, wrong_tokens), those of the store. Nothing
/// of a user is kept in memory: who is removed or demoted, by whichever program, is so at once.
/// Threads: any.
class RequestAuthenticator final : public net::Authenticator {
 public:
  RequestAuthenticator(Tokens& tokens, Sessions& sessions, Users& users, const Clock& clock,
                       Metrics& metrics, AuthenticatorOptions options);
  Result<net::Principal> authenticate(const net::Request& request) override;
  const AuthenticatorOptions& options() const { return options_; }

 private:
  Result<net::Principal> identify(const net::Request& request);
  Result<net::Principal> by_bearer(const net::Request& request);
  Result<std::optional<net::Principal>> by_cookies(const net::Request& request);
  Result<std::optional<net::Principal>> by_session(std::string_view cookie, std::string_view peer);
  Result<std::optional<net::Principal>> by_token_cookie(std::string_view token,
                                                        std::string_view peer);
  Result<std::optional<net::Principal>> by_any_token(std::string_view token,
                                                     std::string_view sha256);
  Result<std::optional<net::Principal>> by_token(std::string_view token);
  Result<std::optional<net::Principal>> by_remember_token(std::string_view cookie);

  Tokens& tokens_;
  Sessions& sessions_;
  Users& users_;
  const AuthenticatorOptions options_;
  const std::string operator_sha256_, configured_sha256_;  // empty: no such token
  RateLimiter writes_;
  Counter writes_refused_;
  TokenGuesses guesses_;
};

/// The cookie of somebody who signed in with an API token in place of a password: the token
/// itself, so that its rights, its repository and its revocation hold. nullopt for a text that no
/// cookie can hold.
std::optional<std::string> cookie_of_token(std::string_view token);

/// `<user id>|<128 hex digits of HMAC-SHA512(secret, user id)>` (spec/results-conbench.md 5.1).
std::string remember_token(std::string_view user_id, std::string_view secret);

}  // namespace bl::access
