#include "base/trace_id.h"

namespace bl {
namespace {

std::optional<unsigned> digit_of(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
  return std::nullopt;
}

void append_hex(std::string& out, std::uint64_t value) {
  for (int shift = 60; shift >= 0; shift -= 4) out += "0123456789abcdef"[(value >> shift) & 15];
}

void append_bytes(std::string& out, std::uint64_t value) {
  for (int shift = 56; shift >= 0; shift -= 8) out += static_cast<char>((value >> shift) & 255);
}

std::uint64_t read_bytes(std::string_view bytes) {
  std::uint64_t value = 0;
  for (char c : bytes) value = value << 8 | static_cast<unsigned char>(c);
  return value;
}

// At most 16 digits.
std::optional<std::uint64_t> read_hex(std::string_view text) {
  std::uint64_t value = 0;
  for (char c : text) {
    const auto digit = digit_of(c);
    if (!digit) return std::nullopt;
    value = value << 4 | *digit;
  }
  return value;
}

constexpr std::size_t k_half_digits = 16;

}  // namespace

std::string TraceId::hex() const {
  std::string out;
  append_hex(out, high);
  append_hex(out, low);
  return out;
}

std::string TraceId::bytes() const {
  std::string out;
  append_bytes(out, high);
  append_bytes(out, low);
  return out;
}

std::optional<TraceId> TraceId::from_bytes(std::string_view bytes) {
  if (bytes.size() != 16) return std::nullopt;
  return TraceId{read_bytes(bytes.substr(0, 8)), read_bytes(bytes.substr(8))};
}

std::optional<TraceId> TraceId::from_hex(std::string_view text) {
  if (text.size() != 2 * k_half_digits) return std::nullopt;
  const auto high = read_hex(text.substr(0, k_half_digits));
  const auto low = read_hex(text.substr(k_half_digits));
  if (!high || !low) return std::nullopt;
  return TraceId{*high, *low};
}

std::optional<TraceId> TraceId::from_text(std::string_view text) {
  std::string digits;
  for (char c : text) {
    if (c == '-') continue;
    if (digits.size() == 2 * k_half_digits) return std::nullopt;
    digits += c;
  }
  if (digits.empty()) return std::nullopt;
  const auto id = from_hex(std::string(2 * k_half_digits - digits.size(), '0') + digits);
  if (!id || !id->is_valid()) return std::nullopt;
  return id;
}

std::string SpanId::hex() const {
  std::string out;
  append_hex(out, value);
  return out;
}

std::string SpanId::bytes() const {
  std::string out;
  append_bytes(out, value);
  return out;
}

std::optional<SpanId> SpanId::from_bytes(std::string_view bytes) {
  if (bytes.size() != 8) return std::nullopt;
  return SpanId{read_bytes(bytes)};
}

std::optional<SpanId> SpanId::from_hex(std::string_view text) {
  if (text.size() != k_half_digits) return std::nullopt;
  const auto value = read_hex(text);
  if (!value) return std::nullopt;
  return SpanId{*value};
}

}  // namespace bl
