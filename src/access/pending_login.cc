#include "access/pending_login.h"

#include <sodium.h>

#include <array>

#include "base/hash.h"
#include "base/json.h"
#include "base/utf8.h"

namespace bl::access {
namespace {

constexpr std::size_t k_target_bytes_max = 2'048;
constexpr std::string_view k_key_purpose = "benchlake pending login";

std::string_view text_of(const json::Value& object, std::string_view name) {
  const json::Value* value = object.find(name);
  return value != nullptr && value->is_string() ? std::string_view(value->as_string())
                                                : std::string_view();
}

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

Error not_ours() {
  return {Code::invalid, "this sign-in was not begun in this browser, or has been too long ago"};
}

}  // namespace

PendingLogins::PendingLogins(std::string_view secret, const Clock& clock, Random& random,
                             std::int64_t lifetime_ms)
    : key_(crypto_secretbox_KEYBYTES, '\0'),
      clock_(clock),
      random_(random),
      lifetime_ms_(lifetime_ms) {
  BL_CHECK(sodium_init() >= 0);
  // The issuer's secret has any length; the key is its hash, for this purpose alone.
  const auto secret_hash = sha256(secret);
  BL_CHECK(crypto_generichash(reinterpret_cast<unsigned char*>(key_.data()), key_.size(),
                              bytes_of(k_key_purpose), k_key_purpose.size(),
                              reinterpret_cast<const unsigned char*>(secret_hash.data()),
                              secret_hash.size()) == 0);
}

std::string PendingLogins::secret_text() {
  std::array<std::byte, 32> bytes;
  random_.fill(bytes);
  return base64url(bytes);
}

PendingLogin PendingLogins::begin(std::string redirect_uri, std::string target) {
  return {.state = secret_text(),
          .nonce = secret_text(),
          .verifier = secret_text(),
          .redirect_uri = std::move(redirect_uri),
          .target = std::move(target),
          .expires_at = clock_.now() + std::chrono::milliseconds(lifetime_ms_)};
}

std::string PendingLogins::seal(const PendingLogin& login) {
  std::string plain;
  json::Writer(plain)
      .begin_object()
      .member("state", login.state)
      .member("nonce", login.nonce)
      .member("verifier", login.verifier)
      .member("redirect_uri", login.redirect_uri)
      .member("target", login.target)
      .member("expires_at", login.expires_at.micros)
      .end_object();
  std::string sealed(crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES + plain.size(), '\0');
  random_.fill(std::as_writable_bytes(std::span(sealed.data(), crypto_secretbox_NONCEBYTES)));
  auto* box = reinterpret_cast<unsigned char*>(sealed.data());
  BL_CHECK(crypto_secretbox_easy(box + crypto_secretbox_NONCEBYTES, bytes_of(plain), plain.size(),
                                 box, bytes_of(key_)) == 0);
  return base64url(std::as_bytes(std::span(sealed)));
}

Result<PendingLogin> PendingLogins::open(std::string_view text) const {
  constexpr std::size_t k_least = crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES;
  const auto sealed = base64url_decode(text);
  if (!sealed || sealed->size() < k_least) return not_ours();
  std::string plain(sealed->size() - k_least, '\0');
  const unsigned char* box = bytes_of(*sealed);
  if (crypto_secretbox_open_easy(
          reinterpret_cast<unsigned char*>(plain.data()), box + crypto_secretbox_NONCEBYTES,
          sealed->size() - crypto_secretbox_NONCEBYTES, box, bytes_of(key_)) != 0) {
    return not_ours();
  }
  const auto document = json::parse(plain);
  const json::Value* expires = document.ok() ? document->find("expires_at") : nullptr;
  const auto expires_at = expires != nullptr ? expires->as_int64() : std::nullopt;
  if (!expires_at || clock_.now().micros >= *expires_at) return not_ours();
  return PendingLogin{.state = std::string(text_of(*document, "state")),
                      .nonce = std::string(text_of(*document, "nonce")),
                      .verifier = std::string(text_of(*document, "verifier")),
                      .redirect_uri = std::string(text_of(*document, "redirect_uri")),
                      .target = std::string(text_of(*document, "target")),
                      .expires_at = {*expires_at}};
}

Result<std::string> same_origin_target(std::string_view text) {
  const auto refuse = [&](std::string message) {
    std::string value;
    json::append_quoted(value, is_utf8(text) ? prefix_of_bytes(text, 100) : "");
    return Error{Code::invalid,
                 "the target " + message + ": " + value,
                 {{"?target", std::move(message), value}}};
  };
  if (text.empty()) return std::string("/");
  if (text.size() > k_target_bytes_max) return refuse("is too long");
  if (text.front() != '/' || text.substr(0, 2) == "//") {
    return refuse("must be a path of this server");
  }
  std::string target;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) return refuse("must not have control characters");
    if (c == '\\') return refuse("must not have a backslash");
    if (byte > ' ' && byte < 0x80) {
      target += c;
    } else {
      constexpr std::string_view k_digits = "0123456789ABCDEF";
      target.append({'%', k_digits[byte >> 4], k_digits[byte & 15]});
    }
  }
  return target;
}

}  // namespace bl::access
