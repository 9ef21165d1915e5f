#include "base/utf8.h"

#include <cstdint>
#include <cstring>

#include "base/check.h"

namespace bl {

Utf8Step decode_utf8(std::string_view text) {
  BL_CHECK(!text.empty());
  constexpr Utf8Step k_invalid = {0xfffd, 1, false};
  auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  unsigned char lead = byte(0);
  if (lead < 0x80) return {lead, 1, true};
  if (lead < 0xc2 || lead > 0xf4) return k_invalid;
  std::size_t size = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (text.size() < size) return k_invalid;
  char32_t code_point = lead & (0x7f >> size);
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return k_invalid;
    code_point = code_point << 6 | (byte(i) & 0x3f);
  }
  constexpr char32_t k_smallest[] = {0, 0, 0x80, 0x800, 0x10000};
  bool surrogate = code_point >= 0xd800 && code_point <= 0xdfff;
  if (code_point < k_smallest[size] || code_point > 0x10ffff || surrogate) return k_invalid;
  return {code_point, size, true};
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    // Most texts are ASCII: eight bytes at a time.
    std::uint64_t eight = 0;
    while (text.size() >= sizeof eight) {
      std::memcpy(&eight, text.data(), sizeof eight);
      if ((eight & 0x8080808080808080u) != 0) break;
      text.remove_prefix(sizeof eight);
    }
    if (text.empty()) return true;
    Utf8Step step = decode_utf8(text);
    if (!step.valid) return false;
    text.remove_prefix(step.bytes);
  }
  return true;
}

std::string valid_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Utf8Step step = decode_utf8(text);
    out += step.valid ? text.substr(0, step.bytes) : std::string_view("\ufffd");
    text.remove_prefix(step.bytes);
  }
  return out;
}

std::string_view prefix_of_bytes(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  // At most three bytes back begins the code point that the limit parts.
  for (std::size_t back = 1; back <= 3 && back <= bytes_max; ++back) {
    if (bytes_max - back + decode_utf8(text.substr(bytes_max - back)).bytes > bytes_max) {
      return text.substr(0, bytes_max - back);
    }
  }
  return text.substr(0, bytes_max);
}

std::size_t code_point_count(std::string_view text) {
  std::size_t count = 0;
  for (; !text.empty(); ++count) text.remove_prefix(decode_utf8(text).bytes);
  return count;
}

std::string_view prefix_of_code_points(std::string_view text, std::size_t count_max) {
  std::size_t end = 0;
  for (std::size_t count = 0; count < count_max && end < text.size(); ++count) {
    end += decode_utf8(text.substr(end)).bytes;
  }
  return text.substr(0, end);
}

bool is_control(char32_t code_point) {
  return code_point < 0x20 || (code_point >= 0x7f && code_point <= 0x9f);
}

}  // namespace bl
