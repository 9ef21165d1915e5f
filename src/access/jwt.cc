#include "access/jwt.h"

#include <cjose/cjose.h>

#include <memory>

#include "base/hash.h"

namespace bl::access {
namespace {

constexpr std::string_view k_rs256 = "RS256";
constexpr std::string_view k_es256 = "ES256";

struct ReleaseKey {
  void operator()(cjose_jwk_t* key) const { cjose_jwk_release(key); }
};
struct ReleaseToken {
  void operator()(cjose_jws_t* token) const { cjose_jws_release(token); }
};
using KeyHandle = std::unique_ptr<cjose_jwk_t, ReleaseKey>;
using TokenHandle = std::unique_ptr<cjose_jws_t, ReleaseToken>;

KeyHandle import_key(const std::string& document) {
  cjose_err error{};
  return KeyHandle(cjose_jwk_import(document.data(), document.size(), &error));
}

std::string text_of(const json::Value& object, std::string_view name) {
  const json::Value* value = object.find(name);
  return value != nullptr && value->is_string() ? value->as_string() : std::string();
}

/// RS256 or ES256; empty for a key that signs neither.
std::string algorithm_of(const json::Value& key, const JwtLimits& limits) {
  const std::string use = text_of(key, "use"), kty = text_of(key, "kty");
  if (!use.empty() && use != "sig") return {};
  std::string_view fits;
  if (kty == "RSA") fits = k_rs256;
  if (kty == "EC" && text_of(key, "crv") == "P-256") fits = k_es256;
  if (fits.empty()) return {};
  if (const std::string alg = text_of(key, "alg"); !alg.empty() && alg != fits) return {};
  const KeyHandle handle = import_key(json::to_text(key));
  if (handle == nullptr) return {};
  if (fits == k_rs256) {
    cjose_err error{};
    const std::size_t bits = cjose_jwk_get_keysize(handle.get(), &error);
    if (bits < limits.rsa_bits_min || bits > limits.rsa_bits_max) return {};
  }
  return std::string(fits);
}

Error refused(std::string sentence) {
  return {Code::invalid, "the ID token " + std::move(sentence)};
}

struct TokenHeader {
  std::string alg, kid;
};

/// Looked at before any key is: the algorithm comes from us, not from whoever wrote the token.
Result<TokenHeader> header_of(std::string_view token) {
  const std::size_t first = token.find('.');
  const std::size_t second = first == token.npos ? first : token.find('.', first + 1);
  if (second == token.npos || token.find('.', second + 1) != token.npos) {
    return refused("is not three parts with points between");
  }
  const auto bytes = base64url_decode(token.substr(0, first));
  const auto header = bytes ? json::parse(*bytes) : Error{Code::malformed, "no base64url"};
  if (!header.ok() || !header->is_object()) return refused("has no readable header");
  TokenHeader read{text_of(*header, "alg"), text_of(*header, "kid")};
  if (read.alg != k_rs256 && read.alg != k_es256) {
    std::string quoted;
    json::append_quoted(quoted, read.alg.substr(0, 32));
    return refused("must be signed by RS256 or ES256, not by " + quoted);
  }
  if (header->find("crit") != nullptr) return refused("demands extensions that are not known");
  return read;
}

bool is_signed_by(std::string_view token, const std::string& key_document) {
  const KeyHandle key = import_key(key_document);
  cjose_err error{};
  const TokenHandle handle(cjose_jws_import(token.data(), token.size(), &error));
  return key != nullptr && handle != nullptr && cjose_jws_verify(handle.get(), key.get(), &error);
}

/// Of a token whose signature is good.
Result<json::Value> payload_of(std::string_view token) {
  const std::size_t first = token.find('.');
  const std::size_t second = token.find('.', first + 1);
  const auto bytes = base64url_decode(token.substr(first + 1, second - first - 1));
  auto claims = bytes ? json::parse(*bytes) : Error{Code::malformed, "no base64url"};
  if (!claims.ok() || !claims->is_object()) return refused("has no readable claims");
  return claims;
}

std::optional<double> number_of(const json::Value& claims, std::string_view name) {
  const json::Value* value = claims.find(name);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  return value->as_double();
}

Result<void> check_audience(const json::Value& claims, const std::string& client_id) {
  const json::Value* audience = claims.find("aud");
  bool is_for_us = false, is_for_others = false;
  const auto look = [&](const json::Value& one) {
    const bool is_us = one.is_string() && one.as_string() == client_id;
    (is_us ? is_for_us : is_for_others) = true;
  };
  if (audience != nullptr && audience->is_array()) {
    for (const json::Value& one : audience->items()) look(one);
  } else if (audience != nullptr) {
    look(*audience);
  }
  if (!is_for_us) return refused("was made for another program (aud)");
  const json::Value* party = claims.find("azp");
  if (party == nullptr && is_for_others) return refused("does not say who asked for it (azp)");
  if (party != nullptr && text_of(claims, "azp") != client_id) {
    return refused("was asked for by another program (azp)");
  }
  return {};
}

Result<void> check_times(const json::Value& claims, const ClaimRules& rules) {
  const double now = static_cast<double>(rules.now.micros) / 1e6;
  const auto leeway = static_cast<double>(rules.leeway_s);
  const auto expires = number_of(claims, "exp"), issued = number_of(claims, "iat");
  if (!expires) return refused("does not say when it expires (exp)");
  if (!issued) return refused("does not say when it was made (iat)");
  if (*expires <= now - leeway) return refused("has expired (exp)");
  if (*issued > now + leeway) return refused("was made in the future: look at both clocks (iat)");
  if (*issued < now - leeway - static_cast<double>(rules.age_s_max)) {
    return refused("was made too long ago (iat)");
  }
  const auto not_before = number_of(claims, "nbf");
  if (not_before && *not_before > now + leeway) return refused("is not valid yet (nbf)");
  return {};
}

}  // namespace

Result<SigningKeys> SigningKeys::parse(std::string_view json_text, const JwtLimits& limits) {
  const auto document = json::parse(json_text);
  const json::Value* keys = document.ok() ? document->find("keys") : nullptr;
  if (keys == nullptr || !keys->is_array()) {
    return Error{Code::malformed, "the issuer's key set is no JSON object with keys"};
  }
  SigningKeys set;
  set.limits_ = limits;
  for (const json::Value& key : keys->items()) {
    if (set.keys_.size() >= limits.keys_max) break;
    std::string alg = algorithm_of(key, limits);
    if (alg.empty()) continue;
    set.keys_.push_back({text_of(key, "kid"), std::move(alg), json::to_text(key)});
  }
  return set;
}

Result<json::Value> SigningKeys::verify(std::string_view token) const {
  if (token.size() > limits_.bytes_max) return refused("is too long");
  BL_TRY(const TokenHeader header, header_of(token));
  bool is_known = false;
  for (const Key& key : keys_) {
    if (key.alg != header.alg || (!header.kid.empty() && key.kid != header.kid)) continue;
    is_known = true;
    if (is_signed_by(token, key.document)) return payload_of(token);
  }
  // Without a name of the key, only trying them tells.
  if (!is_known || header.kid.empty()) {
    return Error{Code::not_found, "the ID token is signed by a key that the issuer does not tell"};
  }
  return refused("has a signature that is not the issuer's");
}

Result<void> check_claims(const json::Value& claims, const ClaimRules& rules) {
  if (text_of(claims, "iss") != rules.issuer) return refused("is of another issuer (iss)");
  BL_RETURN_IF_ERROR(check_audience(claims, rules.client_id));
  BL_RETURN_IF_ERROR(check_times(claims, rules));
  if (rules.nonce.empty() || !equal_constant_time(text_of(claims, "nonce"), rules.nonce)) {
    return refused("belongs to another sign-in (nonce)");
  }
  if (text_of(claims, "sub").empty()) return refused("does not say whose it is (sub)");
  return {};
}

}  // namespace bl::access
