#include "events/index/keys.h"

#include <cstring>

#include "events/model.h"

namespace bl::events::index {
namespace {

constexpr char k_uuid = '\0', k_escaped = '\1';

std::uint8_t digit(char c) {
  return static_cast<std::uint8_t>(c <= '9' ? c - '0' : c - 'a' + 10);
}
std::array<std::uint8_t, 16> uuid_bytes(std::string_view text) {
  std::array<std::uint8_t, 16> bytes{};
  std::size_t at = 0;
  for (std::uint8_t& byte : bytes) {
    if (text[at] == '-') ++at;
    byte = static_cast<std::uint8_t>(digit(text[at]) << 4 | digit(text[at + 1]));
    at += 2;
  }
  return bytes;
}

}  // namespace

EventKey event_key(std::string_view event_id) {
  if (is_uuid(event_id)) return {uuid_bytes(event_id), true};
  const std::array<std::byte, 32> digest = sha256(event_id);
  EventKey key;
  key.is_uuid = false;
  std::memcpy(key.bytes.data(), digest.data(), key.bytes.size());
  return key;
}

std::string uuid_text(const std::array<std::uint8_t, 16>& bytes) {
  constexpr std::string_view k_digits = "0123456789abcdef";
  std::string text(36, '-');
  std::size_t at = 0;
  for (const std::uint8_t byte : bytes) {
    if (at == 8 || at == 13 || at == 18 || at == 23) ++at;
    text[at++] = k_digits[byte >> 4];
    text[at++] = k_digits[byte & 15];
  }
  return text;
}

void compact(std::string_view text, std::string& out) {
  out.clear();
  if (is_uuid(text)) {
    const auto bytes = uuid_bytes(text);
    out.push_back(k_uuid);
    out.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return;
  }
  if (!text.empty() && (text.front() == k_uuid || text.front() == k_escaped))
    out.push_back(k_escaped);
  out.append(text);
}

std::string expand(std::string_view compacted) {
  if (compacted.size() == 17 && compacted.front() == k_uuid) {
    std::array<std::uint8_t, 16> bytes{};
    std::memcpy(bytes.data(), compacted.data() + 1, bytes.size());
    return uuid_text(bytes);
  }
  if (!compacted.empty() && compacted.front() == k_escaped) compacted.remove_prefix(1);
  return std::string(compacted);
}

}  // namespace bl::events::index
