#pragma once

#include <cstddef>
#include <string>
#include <string_view>

/// The one decoder of UTF-8 for texts that may hold anything.
namespace bl {

/// One code point at the front of a text.
struct Utf8Step {
  char32_t code_point = 0;  ///< U+FFFD when the bytes are no UTF-8
  std::size_t bytes = 1;    ///< how far to go on; 1 for each byte that is no UTF-8
  bool valid = true;
};

/// Decodes the front of a text that is not empty. Overlong forms, surrogates, code points above
/// U+10FFFF and cut sequences are not valid.
Utf8Step decode_utf8(std::string_view text);

/// True when all of the text is UTF-8.
bool is_utf8(std::string_view text);

/// The text with U+FFFD for each byte that is no UTF-8.
std::string valid_utf8(std::string_view text);

/// The longest front of the text of at most that many bytes that does not part a code point.
std::string_view prefix_of_bytes(std::string_view text, std::size_t bytes_max);

/// How many code points the text has; each byte that is no UTF-8 counts as one.
std::size_t code_point_count(std::string_view text);

/// The front of the text of at most that many code points, counted as above.
std::string_view prefix_of_code_points(std::string_view text, std::size_t count_max);

/// True for code points that a terminal obeys or a log line must not hold: C0, DEL and C1 (U+0080
/// to U+009F).
bool is_control(char32_t code_point);

}  // namespace bl
