#pragma once

#include <string>
#include <string_view>

#include "access/tokens.h"
#include "access/users.h"
#include "base/random.h"
#include "store/database.h"

/// A command on a person's machine gets a token by their browser: the browser, signed in, is sent
/// to a listener on the loopback address with a code that works once and for a few minutes; the
/// command gives the code for a token (spec/results-conbench.md 5.2). Codes stand in Conbench's
/// table `cli_login_code`, as SHA-256, so that any server of the deployment redeems them.
namespace bl::access {

struct CliLoginLimits {
  std::int64_t lifetime_ms = 300'000;
  std::int64_t kept_ms = 86'400'000;     ///< used and expired codes go after this
  std::int64_t codes_per_user_max = 20;  ///< that work; more: too_many
};

class CliLogins {
 public:
  CliLogins(store::Database& database, const Clock& clock, Random& random, Users& users,
            Tokens& tokens, CliLoginLimits limits = {})
      : database_(database),
        clock_(clock),
        random_(random),
        users_(users),
        tokens_(tokens),
        limits_(limits) {}
  /// A new code. Durable on return. Errors: too_many, those of the store. Threads: any.
  Result<std::string> issue(std::string_view user_id);
  /// A token of the code's user with their role, in one transaction with the end of the code.
  /// Errors: unauthenticated (unknown, redeemed, expired, its user is gone: all the same), those of
  /// Tokens::create. Threads: any.
  Result<NewToken> redeem(std::string_view code, const std::string& token_name);

 private:
  store::Database& database_;
  const Clock& clock_;
  Random& random_;
  Users& users_;
  Tokens& tokens_;
  const CliLoginLimits limits_;
};

/// Where a code may be sent: `http://127.0.0.1:PORT/...`, `http://[::1]:PORT/...` or
/// `http://localhost:PORT/...` (RFC 8252 7.3) without user, query or fragment. Errors: invalid
/// (`?redirect_uri`).
Result<void> check_loopback_uri(std::string_view uri);

}  // namespace bl::access
