#include "base/hmac.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <span>

#include "base/check.h"
#include "base/hash.h"

namespace bl {
namespace {

using Digest = std::array<unsigned char, EVP_MAX_MD_SIZE>;

std::span<const std::byte> hmac(const EVP_MD* hash, std::string_view key, std::string_view message,
                                Digest& digest) {
  unsigned int size = 0;
  const unsigned char* made = HMAC(hash, key.data(), static_cast<int>(key.size()),
                                   reinterpret_cast<const unsigned char*>(message.data()),
                                   message.size(), digest.data(), &size);
  BL_CHECK(made != nullptr && static_cast<int>(size) == EVP_MD_get_size(hash));
  return std::as_bytes(std::span(digest).first(size));
}

std::string hmac_hex(const EVP_MD* hash, std::string_view key, std::string_view message) {
  Digest digest;
  return to_hex(hmac(hash, key, message, digest));
}

}  // namespace

std::array<std::byte, 32> hmac_sha256(std::string_view key, std::string_view message) {
  Digest digest;
  std::array<std::byte, 32> raw;
  std::ranges::copy(hmac(EVP_sha256(), key, message, digest), raw.begin());
  return raw;
}

std::string hmac_sha256_hex(std::string_view key, std::string_view message) {
  return hmac_hex(EVP_sha256(), key, message);
}

std::string hmac_sha512_hex(std::string_view key, std::string_view message) {
  return hmac_hex(EVP_sha512(), key, message);
}

}  // namespace bl
