#include "base/hash.h"

#include <algorithm>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <xxhash.h>

#include "base/check.h"

namespace bl {
namespace {

/// Fetched once: OpenSSL 3 looks an algorithm up by name on every call otherwise.
const EVP_MD* digest_named(const char* name) {
  EVP_MD* digest = EVP_MD_fetch(nullptr, name, nullptr);
  BL_CHECK(digest != nullptr);
  return digest;
}

template <std::size_t N>
std::array<std::byte, N> digest_of(const EVP_MD* algorithm, std::string_view bytes) {
  std::array<std::byte, N> digest;
  unsigned int size = 0;
  const int done =
      EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(digest.data()), &size,
                 algorithm, nullptr);
  BL_CHECK(done == 1 && size == N);
  return digest;
}

constexpr std::string_view k_base64url_alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

}  // namespace

std::string md5_hex(std::string_view bytes) {
  static const EVP_MD* const k_md5 = digest_named("MD5");
  return to_hex(digest_of<16>(k_md5, bytes));
}

std::array<std::byte, 32> sha256(std::string_view bytes) {
  static const EVP_MD* const k_sha256 = digest_named("SHA256");
  return digest_of<32>(k_sha256, bytes);
}

std::string sha256_hex(std::string_view bytes) {
  return to_hex(sha256(bytes));
}

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  static const EVP_MD* const k_sha256 = digest_named("SHA256");
  BL_CHECK(context_ != nullptr);
  BL_CHECK(EVP_DigestInit_ex2(static_cast<EVP_MD_CTX*>(context_), k_sha256, nullptr) == 1);
}

Sha256::~Sha256() {
  EVP_MD_CTX_free(static_cast<EVP_MD_CTX*>(context_));
}

void Sha256::add(std::string_view bytes) {
  BL_CHECK(EVP_DigestUpdate(static_cast<EVP_MD_CTX*>(context_), bytes.data(), bytes.size()) == 1);
}

std::string Sha256::finish_hex() {
  std::array<std::byte, 32> digest;
  BL_CHECK(EVP_DigestFinal_ex(static_cast<EVP_MD_CTX*>(context_),
                              reinterpret_cast<unsigned char*>(digest.data()), nullptr) == 1);
  return to_hex(digest);
}

std::uint64_t xxh3_64(std::string_view bytes) {
  return XXH3_64bits(bytes.data(), bytes.size());
}

std::string to_hex(std::span<const std::byte> bytes) {
  constexpr char k_digits[] = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const std::byte byte : bytes) {
    text += k_digits[std::to_integer<unsigned>(byte) >> 4];
    text += k_digits[std::to_integer<unsigned>(byte) & 0xf];
  }
  return text;
}

bool equal_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string base64url(std::span<const std::byte> bytes) {
  std::string text;
  text.reserve((bytes.size() * 4 + 2) / 3);
  unsigned held = 0;
  int held_bits = 0;
  for (const std::byte byte : bytes) {
    held = held << 8 | std::to_integer<unsigned>(byte);
    held_bits += 8;
    while (held_bits >= 6) {
      held_bits -= 6;
      text += k_base64url_alphabet[held >> held_bits & 0x3f];
    }
  }
  if (held_bits > 0) text += k_base64url_alphabet[held << (6 - held_bits) & 0x3f];
  return text;
}

std::string base64(std::span<const std::byte> bytes) {
  std::string text = base64url(bytes);
  std::ranges::replace(text, '-', '+');
  std::ranges::replace(text, '_', '/');
  text.append((4 - text.size() % 4) % 4, '=');
  return text;
}

std::optional<std::string> base64_decode(std::string_view text) {
  if (text.size() % 4 == 0) {
    for (int i = 0; i < 2 && text.ends_with('='); ++i) text.remove_suffix(1);
  }
  std::string plain(text);
  std::ranges::replace(plain, '+', '-');
  std::ranges::replace(plain, '/', '_');
  return base64url_decode(plain);
}

std::optional<std::string> base64url_decode(std::string_view text) {
  std::string bytes;
  bytes.reserve(text.size() * 3 / 4);
  unsigned held = 0;
  int held_bits = 0;
  for (const char c : text) {
    const std::size_t digit = k_base64url_alphabet.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    held = held << 6 | static_cast<unsigned>(digit);
    held_bits += 6;
    if (held_bits >= 8) {
      held_bits -= 8;
      bytes += static_cast<char>(held >> held_bits & 0xff);
    }
    held &= 0xffff;
  }
  const unsigned padding = held & ((1u << held_bits) - 1);
  if (held_bits >= 6 || padding != 0) return std::nullopt;
  return bytes;
}

}  // namespace bl
