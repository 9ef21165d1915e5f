#pragma once

#include <cjose/cjose.h>

#include <memory>
#include <string>

#include "access/jwt.h"
#include "base/check.h"
#include "base/hash.h"

/// Keys that sign tokens as an issuer does.
namespace bl::access::testing {

class TestKey {
 public:
  static TestKey rsa(const std::string& kid, std::size_t bits = 2'048) {
    return TestKey(cjose_jwk_create_RSA_random(
                       bits, reinterpret_cast<const std::uint8_t*>("\x01\x00\x01"), 3, nullptr),
                   kid, "RS256");
  }
  static TestKey p256(const std::string& kid) {
    return TestKey(cjose_jwk_create_EC_random(CJOSE_JWK_EC_P_256, nullptr), kid, "ES256");
  }
  /// The public half as a JWK.
  std::string document() const {
    std::unique_ptr<char, decltype(&std::free)> text(cjose_jwk_to_json(key_.get(), false, nullptr),
                                                     &std::free);
    BL_CHECK(text != nullptr);
    return text.get();
  }
  std::string sign(const std::string& payload) const { return sign(payload, kid_); }
  std::string sign(const std::string& payload, const std::string& kid) const {
    cjose_header_t* header = cjose_header_new(nullptr);
    BL_CHECK(cjose_header_set(header, CJOSE_HDR_ALG, alg_.c_str(), nullptr));
    if (!kid.empty()) BL_CHECK(cjose_header_set(header, CJOSE_HDR_KID, kid.c_str(), nullptr));
    cjose_jws_t* token =
        cjose_jws_sign(key_.get(), header, reinterpret_cast<const std::uint8_t*>(payload.data()),
                       payload.size(), nullptr);
    const char* text = nullptr;
    BL_CHECK(token != nullptr && cjose_jws_export(token, &text, nullptr));
    std::string copy = text;
    cjose_jws_release(token);
    cjose_header_release(header);
    return copy;
  }

 private:
  TestKey(cjose_jwk_t* key, std::string kid, std::string alg)
      : key_(key, &cjose_jwk_release), kid_(std::move(kid)), alg_(std::move(alg)) {
    BL_CHECK(key != nullptr);
    BL_CHECK(cjose_jwk_set_kid(key, kid_.data(), kid_.size(), nullptr));
  }
  std::shared_ptr<cjose_jwk_t> key_;
  std::string kid_, alg_;
};

/// A key set document of some keys.
inline std::string key_set(std::initializer_list<std::string> documents) {
  std::string text = "{\"keys\":[";
  for (const std::string& document : documents) {
    if (text.back() == '}') text += ',';
    text += document;
  }
  return text + "]}";
}

inline std::string base64url_of(std::string_view text) {
  return base64url(std::as_bytes(std::span(text)));
}

}  // namespace bl::access::testing
