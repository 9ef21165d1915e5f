#include "access/plaintext.h"

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

}  // namespace bl::access
