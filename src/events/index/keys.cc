#include "events/index/keys.h"

#include <cstring>

namespace bl::events::index {
namespace {

constexpr char k_uuid = '\0', k_escaped = '\1';

constexpr std::uint8_t k_no_digit = 0xff;
constexpr std::array<std::uint8_t, 256> k_digit = [] {
  std::array<std::uint8_t, 256> digits{};
  digits.fill(k_no_digit);
  for (std::uint8_t i = 0; i < 10; ++i) digits[static_cast<std::size_t>('0') + i] = i;
  for (std::uint8_t i = 0; i < 6; ++i)
    digits[static_cast<std::size_t>('a') + i] = static_cast<std::uint8_t>(10 + i);
  return digits;
}();

// False: the text is no UUID (as is_uuid() has it).
bool parse_uuid(std::string_view text, std::array<std::uint8_t, 16>& bytes) {
  if (text.size() != 36) return false;
  if (text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-') return false;
  constexpr std::array<std::uint8_t, 16> k_at{0,  2,  4,  6,  9,  11, 14, 16,
                                              19, 21, 24, 26, 28, 30, 32, 34};
  std::uint8_t any = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const std::uint8_t high = k_digit[static_cast<std::uint8_t>(text[k_at[i]])];
    const std::uint8_t low = k_digit[static_cast<std::uint8_t>(text[k_at[i] + 1u])];
    any |= high | low;
    bytes[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  return (any & 0xf0) == 0;
}

}  // namespace

EventKey event_key(std::string_view event_id) {
  EventKey key;
  if (parse_uuid(event_id, key.bytes)) return key;
  const std::array<std::byte, 32> digest = sha256(event_id);
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
  if (std::array<std::uint8_t, 16> bytes{}; parse_uuid(text, bytes)) {
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
