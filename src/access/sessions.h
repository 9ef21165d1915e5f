#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "access/users.h"

/// Who is signed in: 32 random bytes in a cookie, their SHA-256 in the store, so that any server on
/// the same store knows them and a log-out works everywhere. A session is bound to the password
/// that its user had when it began: a new one, whichever program sets it, ends it.
namespace bl::access {

struct SessionLimits {
  std::int64_t lifetime_ms = 365LL * 24 * 3600 * 1000;  ///< as Conbench's remember cookie
  std::int64_t idle_ms_max = 30LL * 24 * 3600 * 1000;
  std::int64_t seen_ms_min = 60'000;        ///< last_seen_at is written at most this often
  std::size_t sessions_per_user_max = 100;  ///< the oldest goes
};

/// Threads: any. Errors of all: those of the store.
class Sessions {
 public:
  Sessions(store::Database& database, const Clock& clock, Random& random, Users& users,
           SessionLimits limits = {});
  /// A new session; its secret, for a cookie. Sign-ins never take a session over.
  Result<std::string> begin(std::string_view user_id);
  /// Whose it is; nullopt when it is unknown, over, its user is gone or has another password by
  /// now. One read; nothing for a text that cannot be a secret.
  Result<std::optional<User>> find(std::string_view secret);
  /// Fine when it is over already.
  Result<void> end(std::string_view secret);
  Result<void> end_all_of(std::string_view user_id);

 private:
  store::Database& database_;
  const Clock& clock_;
  Random& random_;
  Users& users_;
  const SessionLimits limits_;
};

/// The cookies that carry a session: the new dialect's and the legacy one's, the same secret.
inline constexpr std::string_view k_session_cookie = "conbench_session";
inline constexpr std::string_view k_legacy_session_cookie = "session";

inline constexpr std::string_view k_remember_cookie = "remember_token";

/// `Set-Cookie` values: HttpOnly, SameSite=Lax, Path=/. Secure where the client sees https: over
/// plain HTTP such a cookie would never come back.
std::string session_cookie(std::string_view name, std::string_view secret, bool secure);
std::string ended_cookie(std::string_view name, bool secure);
/// Both cookies of an answer to somebody who signed in, or out; then the old deployment's
/// `remember_token` goes, too. `secure`: is_secure_client (cross_site.h).
void set_session_cookies(net::Response& response, std::string_view secret, bool secure);
void end_session_cookies(net::Response& response, bool secure);
/// The value of a cookie of the request, or empty.
std::string_view cookie_of(const net::Request& request, std::string_view name);

}  // namespace bl::access
