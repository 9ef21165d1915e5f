#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

/// Digests and checksums (OpenSSL, xxHash). All take bytes; texts are hashed as their UTF-8 bytes.
namespace bl {

/// 32 lower-case hex digits. For Conbench's fingerprints only, never for security.
std::string md5_hex(std::string_view bytes);
/// 64 lower-case hex digits.
std::string sha256_hex(std::string_view bytes);
std::array<std::byte, 32> sha256(std::string_view bytes);
/// SHA-256 of bytes that come in pieces. One thread.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  void add(std::string_view bytes);
  /// 64 lower-case hex digits of all that was added; the end of this object's use.
  std::string finish_hex();

 private:
  void* context_;
};
/// XXH3, 64 bits, seed 0: checksums and hash tables.
std::uint64_t xxh3_64(std::string_view bytes);

std::string to_hex(std::span<const std::byte> bytes);
/// Compares in a time that depends on the lengths only.
bool equal_constant_time(std::string_view a, std::string_view b);
/// RFC 4648, with the URL-safe alphabet and without padding.
std::string base64url(std::span<const std::byte> bytes);
/// The same with the usual alphabet, padded.
std::string base64(std::span<const std::byte> bytes);
/// Reads either alphabet, padded or not, as protobuf's JSON has it. nullopt for any other text.
std::optional<std::string> base64_decode(std::string_view text);
/// Reads what base64url() writes. nullopt for any other text.
std::optional<std::string> base64url_decode(std::string_view text);

}  // namespace bl
