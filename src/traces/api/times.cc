#include "traces/api/times.h"

#include <fmt/format.h>

#include "base/numbers.h"
#include "traces/go_duration.h"

namespace bl::traces {
namespace {

constexpr std::int64_t k_least = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t k_most = std::numeric_limits<std::int64_t>::max();
/// Spans of clocks that go a little fast are in a window that ends now.
constexpr std::int64_t k_fast_clock_ns = 60'000'000'000;

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

std::int64_t now_ns(const Clock& clock) {
  return clock.now().micros * 1'000;
}

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

std::optional<std::int64_t> instant_of(net::QueryFields& fields, std::string_view name) {
  const auto text = fields.text(name);
  if (!text) return std::nullopt;
  const auto at = parse_instant(*text);
  if (at.ok()) return *at;
  fields.fault(name, "neither RFC 3339 nor nanoseconds since 1970", *text);
  return std::nullopt;
}

std::optional<std::int64_t> nanoseconds_of(net::QueryFields& fields, std::string_view name) {
  const auto text = fields.text(name);
  if (!text) return std::nullopt;
  const auto length = parse_go_duration(*text);
  if (length.ok() && *length >= 0) return *length;
  fields.fault(name, "no length of time such as 150ms, 1.5s or 2m", *text);
  return std::nullopt;
}

Window window_of(net::QueryFields& fields, const Clock& clock, std::int64_t length_ns) {
  const auto start = instant_of(fields, "start");
  const auto end = instant_of(fields, "end");
  Window window;
  window.end_ns = end.value_or(now_ns(clock) + k_fast_clock_ns);
  window.start_ns =
      start.value_or(window.end_ns > k_least + length_ns ? window.end_ns - length_ns : k_least);
  if (window.start_ns >= window.end_ns) {
    fields.fault("end", "not behind the start", std::to_string(window.end_ns));
  }
  return window;
}

std::optional<Window> hint_of(net::QueryFields& fields) {
  const auto start = instant_of(fields, "start");
  const auto end = instant_of(fields, "end");
  if (!start && !end) return std::nullopt;
  const Window window{start.value_or(k_least), end.value_or(k_most)};
  if (window.start_ns > window.end_ns) {
    fields.fault("end", "before the start", std::to_string(window.end_ns));
  }
  return window;
}

}  // namespace bl::traces
