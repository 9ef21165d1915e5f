#pragma once

#include <chrono>
#include <optional>
#include <semaphore>
#include <string>
#include <string_view>

#include "access/rate_limiter.h"
#include "access/sessions.h"
#include "access/tokens.h"
#include "access/users.h"
#include "base/metrics.h"

/// Signing in by password, and registering: what both dialects' routes share, with its limits.
namespace bl::access {

struct SignInLimits {
  /// Failures; who succeeds is not counted. After ten wrong passwords one more each 90 seconds.
  Rate failures_per_account{.burst = 10, .per_minute = 2.0 / 3};
  /// Behind a proxy all clients may have one address.
  Rate failures_per_address{.burst = 100, .per_minute = 20};
  Rate registrations_per_address{.burst = 60, .per_minute = 10};
  /// A password costs 0.1 s of a processor: more at once wait, then are turned away.
  std::ptrdiff_t hashes_at_once_max = 8;
  std::chrono::milliseconds hash_wait_max{3'000};
};

struct SignedIn {
  std::string cookie;        ///< for the session cookies
  std::optional<User> user;  ///< none: by a token that nobody owns
};

struct Registration {
  NewUser user;
  std::string key;
};

/// Threads: any. Errors of both: too_many, overloaded, those of the store.
class PasswordSignIn {
 public:
  /// `registration_key`: empty: nobody registers.
  PasswordSignIn(Users& users, Sessions& sessions, Tokens& tokens, const Clock& clock,
                 Metrics& metrics, std::string registration_key, SignInLimits limits = {});
  /// By the user's password, or by an API token in its place: the token's own rights then, and only
  /// with its owner's address. Unknown addresses take as long as known ones, and count the same.
  /// `peer`: the client's address. Errors: unauthenticated.
  Result<SignedIn> with_password(std::string_view email, std::string_view password,
                                 std::string_view peer);
  /// Errors: unauthenticated (the key), those of Users::create.
  Result<User> register_user(const Registration& wanted, std::string_view peer);

 private:
  Result<std::optional<SignedIn>> by_token(std::string_view email, std::string_view token);
  Result<std::optional<SignedIn>> by_password(std::string_view email, std::string_view password);
  Result<void> take(RateLimiter& limiter, std::string_view key, Counter& refused);
  /// One of hashes_at_once_max, given back at the end.
  class HashPermit;

  Users& users_;
  Sessions& sessions_;
  Tokens& tokens_;
  const std::string registration_key_;
  const SignInLimits limits_;
  RateLimiter account_failures_, address_failures_, registrations_;
  std::counting_semaphore<> hashes_;
  Counter account_refused_, address_refused_, registrations_refused_, hashes_refused_;
  Counter succeeded_, failed_;
};

}  // namespace bl::access
