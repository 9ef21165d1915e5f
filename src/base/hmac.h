#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace bl {

/// HMAC-SHA-256 (RFC 2104, OpenSSL), raw: as the key of the next one.
std::array<std::byte, 32> hmac_sha256(std::string_view key, std::string_view message);
/// HMAC-SHA-256: 64 lower-case hex digits.
std::string hmac_sha256_hex(std::string_view key, std::string_view message);
/// HMAC-SHA-512: 128 of them.
std::string hmac_sha512_hex(std::string_view key, std::string_view message);

}  // namespace bl
