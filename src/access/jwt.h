#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/time.h"

/// Signed JSON of an issuer (RFC 7515, 7517, 7519) and the claims of an OpenID Connect ID token
/// (Core 1.0, 3.1.3.7); cjose does the cryptography. Pure; threads: any.
namespace bl::access {

struct JwtLimits {
  std::size_t bytes_max = 32u << 10;  ///< of a token
  std::size_t keys_max = 64;          ///< of a key set; more are not looked at
  std::size_t rsa_bits_min = 2'048;
  std::size_t rsa_bits_max = 8'192;
};

/// The keys that an issuer signs with, as its `jwks_uri` tells them. Only what may sign an ID token
/// is kept: RSA and P-256 keys whose `use` and `alg` do not say otherwise.
class SigningKeys {
 public:
  /// Errors: malformed (no JSON, or no `keys`).
  static Result<SigningKeys> parse(std::string_view json_text, const JwtLimits& limits = {});
  /// The claims of a token that one of these keys signed by RS256 or ES256: nothing else is
  /// believed, whatever its header says. Errors: not_found (signed by a key that is not here: the
  /// issuer may have new ones), invalid (anything else; never quotes the token).
  Result<json::Value> verify(std::string_view token) const;
  std::size_t size() const { return keys_.size(); }

 private:
  struct Key {
    std::string kid;       // empty: it has none
    std::string alg;       // RS256 or ES256
    std::string document;  // the JWK
  };
  JwtLimits limits_;
  std::vector<Key> keys_;
};

/// What the claims of an ID token must say.
struct ClaimRules {
  std::string issuer, client_id, nonce;
  Timestamp now;
  std::int64_t leeway_s = 60;      ///< that the two clocks may differ by
  std::int64_t age_s_max = 3'600;  ///< since `iat`
};
/// Errors: invalid, naming the claim and what was expected.
Result<void> check_claims(const json::Value& claims, const ClaimRules& rules);

}  // namespace bl::access
