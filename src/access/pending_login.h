#pragma once

#include <string>
#include <string_view>

#include "base/random.h"
#include "base/result.h"
#include "base/time.h"

/// A sign-in through an issuer that is under way. It travels in a cookie of the browser that began
/// it, sealed (secretbox of libsodium), so that any server of the deployment can end it, nobody
/// else can read or make one, and whoever only asks to sign in writes nothing.
namespace bl::access {

struct PendingLogin {
  std::string state;         ///< what the issuer gives back: binds its answer to this browser
  std::string nonce;         ///< what the ID token must say: binds it to this sign-in
  std::string verifier;      ///< of PKCE: who redeems the code is who asked for it
  std::string redirect_uri;  ///< where the issuer sends the browser back to
  std::string target;        ///< where the person wanted to go: a path of ours
  Timestamp expires_at;
};

inline constexpr std::string_view k_pending_cookie = "conbench_pending";

/// Threads: any.
class PendingLogins {
 public:
  /// Servers with the same secret open each other's.
  PendingLogins(std::string_view secret, const Clock& clock, Random& random,
                std::int64_t lifetime_ms = 600'000);
  PendingLogin begin(std::string redirect_uri, std::string target);
  std::string seal(const PendingLogin& login);
  /// Errors: invalid (not one of ours, changed, or older than its lifetime).
  Result<PendingLogin> open(std::string_view sealed) const;

 private:
  std::string secret_text();

  std::string key_;  // 32 bytes
  const Clock& clock_;
  Random& random_;
  const std::int64_t lifetime_ms_;
};

/// A path of this server that a browser may be sent to after a sign-in: begins with one `/`, no
/// backslash, no control characters; what is not ASCII, and blanks, are percent-encoded. Errors:
/// invalid (`?target`), so that nobody's link of ours leads elsewhere.
Result<std::string> same_origin_target(std::string_view text);

}  // namespace bl::access
