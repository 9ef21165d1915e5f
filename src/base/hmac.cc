#include "base/hmac.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>

#include "base/check.h"
#include "base/hash.h"

namespace bl {
namespace {

std::string hmac_hex(const EVP_MD* hash, std::string_view key, std::string_view message) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned int size = 0;
  const unsigned char* made = HMAC(hash, key.data(), static_cast<int>(key.size()),
                                   reinterpret_cast<const unsigned char*>(message.data()),
                                   message.size(), digest.data(), &size);
  BL_CHECK(made != nullptr && static_cast<int>(size) == EVP_MD_get_size(hash));
  return to_hex(std::as_bytes(std::span(digest).first(size)));
}

}  // namespace

std::string hmac_sha256_hex(std::string_view key, std::string_view message) {
  return hmac_hex(EVP_sha256(), key, message);
}

std::string hmac_sha512_hex(std::string_view key, std::string_view message) {
  return hmac_hex(EVP_sha512(), key, message);
}

}  // namespace bl
