#include "access/passwords.h"

#include <openssl/evp.h>

#include <array>
#include <optional>

#include "base/check.h"
#include "base/hash.h"
#include "base/numbers.h"

namespace bl::access {
namespace {

constexpr std::string_view k_method = "pbkdf2:sha256:";
constexpr std::string_view k_salt_letters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
constexpr std::size_t k_salt_bytes = 16;
constexpr std::size_t k_salt_bytes_max = 128;  // the whole column
constexpr std::size_t k_hex_digits = 64;

std::string derive_hex(std::string_view password, std::string_view salt, std::int64_t iterations) {
  std::array<std::byte, 32> key;
  const int done =
      PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()),
                        reinterpret_cast<const unsigned char*>(salt.data()),
                        static_cast<int>(salt.size()), static_cast<int>(iterations), EVP_sha256(),
                        static_cast<int>(key.size()), reinterpret_cast<unsigned char*>(key.data()));
  BL_CHECK(done == 1);
  return to_hex(key);
}

struct Kept {
  std::int64_t iterations = 0;
  std::string_view salt, hex;
};

std::optional<Kept> parse_kept(std::string_view text) {
  if (!text.starts_with(k_method)) return std::nullopt;
  text.remove_prefix(k_method.size());
  const std::size_t first = text.find('$');
  if (first == std::string_view::npos) return std::nullopt;
  const std::size_t second = text.find('$', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  const auto iterations = parse_int64(text.substr(0, first));
  if (!iterations || *iterations < 1 || *iterations > k_password_iterations_max)
    return std::nullopt;
  const Kept kept{*iterations, text.substr(first + 1, second - first - 1), text.substr(second + 1)};
  const bool is_hex = kept.hex.size() == k_hex_digits &&
                      kept.hex.find_first_not_of("0123456789abcdef") == std::string_view::npos;
  if (!is_hex || kept.salt.empty() || kept.salt.size() > k_salt_bytes_max) return std::nullopt;
  return kept;
}

}  // namespace

std::string hash_password(std::string_view password, Random& random, std::int64_t iterations) {
  std::string salt;
  for (std::size_t i = 0; i < k_salt_bytes; ++i)
    salt += k_salt_letters[random.below(k_salt_letters.size())];
  std::string text(k_method);
  text.append(std::to_string(iterations)).append("$").append(salt).append("$");
  return text.append(derive_hex(password, salt, iterations));
}

PasswordCheck check_password(std::string_view kept, std::string_view password,
                             std::int64_t iterations) {
  PasswordCheck check;
  const auto derive = [&](std::string_view salt, std::int64_t count) {
    check.iterations += count;
    return derive_hex(password, salt, count);
  };
  const auto parsed = parse_kept(kept);
  if (!parsed) {
    derive("nobody's password", iterations);
    return check;
  }
  check.matches = equal_constant_time(derive(parsed->salt, parsed->iterations), parsed->hex);
  if (parsed->iterations < iterations) derive(parsed->salt, iterations - parsed->iterations);
  return check;
}

}  // namespace bl::access
