#include "traces/api/times.h"

#include "traces/go_duration.h"

namespace bl::traces {
namespace {

constexpr std::int64_t k_least = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t k_most = std::numeric_limits<std::int64_t>::max();
/// Spans of clocks that go a little fast are in a window that ends now.
constexpr std::int64_t k_fast_clock_ns = 60'000'000'000;

}  // namespace

std::int64_t now_ns(const Clock& clock) {
  return clock.now().micros * 1'000;
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
