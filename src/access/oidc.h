#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "access/jwt.h"
#include "access/pending_login.h"
#include "base/log.h"
#include "base/metrics.h"
#include "net/client.h"

/// People sign in through an issuer: OpenID Connect's authorisation-code flow with PKCE (S256),
/// state and nonce (Core 1.0 3.1, RFC 7636, RFC 9207). What the issuer says of itself (its
/// discovery document and keys) is read when first needed, kept for a while, and used on when it is
/// away.
namespace bl::access {

struct OidcSettings {
  std::string issuer;  ///< https, or http on a loopback address
  std::string client_id, client_secret;
  std::string ca_file;                     ///< PEM; empty: the system's authorities
  std::vector<std::string> email_domains;  ///< lower case; empty: any
};

struct OidcLimits {
  std::int64_t fresh_ms = 3'600'000;       ///< discovery and keys are read again after this
  std::int64_t stale_ms_max = 86'400'000;  ///< and used on for so long when that fails
  std::int64_t new_keys_ms_min = 60'000;   ///< between two looks for an unknown key
  std::int64_t failure_pause_ms = 5'000;   ///< an issuer that is away is not asked again before
  int attempts_max = 2;                    ///< of one read
  std::size_t at_once_max = 16;            ///< sign-ins that wait for the issuer; more: overloaded
  std::size_t answer_bytes_max = 1u << 20;
  std::chrono::milliseconds connect_timeout{3'500};
  std::chrono::milliseconds timeout{10'000};
};

/// Who signed in, in the issuer's words.
struct Identity {
  std::string subject, email, name;
};

/// Threads: any; no lock is held across I/O. Errors of all that ask the issuer: unavailable (it
/// cannot be reached, or answers what it should not), timeout, overloaded (at_once_max). None
/// quotes the client's secret, a code or a token.
class OidcProvider {
 public:
  OidcProvider(OidcSettings settings, const Clock& clock, Log& log, Metrics& metrics,
               OidcLimits limits = {});
  ~OidcProvider();
  /// Where to send the browser.
  Result<std::string> authorization_url(const PendingLogin& login);
  /// Who the code was given to. `issuer`: the parameter `iss` of the callback, empty when it had
  /// none. Errors: invalid (the issuer refuses the code, or its ID token is not to be believed),
  /// forbidden (an address that is not verified or not of email_domains, or none).
  Result<Identity> redeem(const std::string& code, const std::string& issuer,
                          const PendingLogin& login);
  const OidcSettings& settings() const { return settings_; }

 private:
  struct State;
  const OidcSettings settings_;
  std::unique_ptr<State> state_;
};

/// True for an https URL, and for an http one of a loopback address (without user, with a host).
bool is_issuer_url(std::string_view text);

}  // namespace bl::access
