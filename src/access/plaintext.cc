#include "access/plaintext.h"

#include <algorithm>
#include <array>

#include "base/hash.h"

namespace bl::access {

std::string make_plaintext(Random& random) {
  std::array<std::byte, k_secret_bytes> secret;
  random.fill(secret);
  return std::string(k_plaintext_start) + base64url(secret);
}

bool may_be_plaintext(std::string_view text) {
  return text.size() == k_plaintext_bytes && text.starts_with(k_plaintext_start) &&
         base64url_decode(text.substr(k_plaintext_start.size())).has_value();
}

bool may_be_foreign_plaintext(std::string_view text) {
  constexpr std::size_t k_bytes_min = 16;
  constexpr std::size_t k_bytes_max = 512;
  return text.size() >= k_bytes_min && text.size() <= k_bytes_max &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

}  // namespace bl::access
