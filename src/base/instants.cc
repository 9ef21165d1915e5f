#include "base/instants.h"

#include <fmt/format.h>

#include <limits>

#include "base/numbers.h"
#include "base/time.h"

namespace bl {
namespace {

constexpr std::int64_t k_least = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t k_most = std::numeric_limits<std::int64_t>::max();

Error no_instant(std::string_view text) {
  return {Code::invalid,
          "neither RFC 3339 nor nanoseconds since 1970: '" + std::string(text) + "'"};
}

/// The digits of a fraction beyond microseconds.
std::int64_t nanoseconds_beyond(std::string_view text) {
  const std::size_t point = text.find('.');
  if (point == std::string_view::npos) return 0;
  std::int64_t rest = 0;
  std::int64_t worth = 100;
  for (std::size_t i = point + 7; i < text.size() && text[i] >= '0' && text[i] <= '9'; ++i) {
    rest += (text[i] - '0') * worth;
    worth /= 10;
  }
  return rest;
}

}  // namespace

Result<std::int64_t> parse_instant(std::string_view text) {
  if (const auto number = parse_int64(text)) return *number;
  const auto time = parse_rfc3339(text);
  if (!time.ok()) return no_instant(text);
  if (time->micros > k_most / 1'000 - 1 || time->micros < k_least / 1'000 + 1) {
    return no_instant(text);
  }
  return time->micros * 1'000 + nanoseconds_beyond(text);
}

std::string instant_text(std::int64_t at_ns) {
  std::int64_t micros = at_ns / 1'000;
  std::int64_t rest = at_ns % 1'000;
  if (rest < 0) {
    rest += 1'000;
    --micros;
  }
  std::string text = to_rfc3339(Timestamp{micros});
  if (rest == 0) return text;
  text.pop_back();  // the Z
  if (text.find('.') == std::string::npos) text += ".000000";
  return text + fmt::format("{:03}Z", rest);
}

}  // namespace bl
