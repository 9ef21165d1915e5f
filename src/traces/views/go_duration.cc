#include "traces/go_duration.h"

#include <array>
#include <limits>
#include <optional>

namespace bl::traces {
namespace {

using Wide = __int128;  // the sum of a text's parts, before it is known to fit

struct Unit {
  std::string_view name;
  std::int64_t nanoseconds;
};
// Longer names first: `ms` is no `m`.
constexpr std::array<Unit, 8> k_units = {{{"ns", 1},
                                          {"us", 1'000},
                                          {"\u00B5s", 1'000},  // the micro sign
                                          {"\u03BCs", 1'000},  // the Greek letter
                                          {"ms", 1'000'000},
                                          {"s", 1'000'000'000},
                                          {"m", 60'000'000'000},
                                          {"h", 3'600'000'000'000}}};

std::optional<Unit> take_unit(std::string_view& rest) {
  for (const Unit& unit : k_units) {
    if (!rest.starts_with(unit.name)) continue;
    rest.remove_prefix(unit.name.size());
    return unit;
  }
  return std::nullopt;
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// `1.5ms` off the front. nullopt: it is none, or far out of range.
std::optional<Wide> take_part(std::string_view& rest) {
  constexpr Wide limit = Wide{1} << 64;
  Wide whole = 0, fraction = 0, scale = 1;
  bool has_digits = false;
  for (; !rest.empty() && is_digit(rest.front()); rest.remove_prefix(1)) {
    has_digits = true;
    whole = whole * 10 + (rest.front() - '0');
    if (whole > limit) return std::nullopt;
  }
  if (rest.starts_with('.')) {
    rest.remove_prefix(1);
    for (; !rest.empty() && is_digit(rest.front()); rest.remove_prefix(1)) {
      has_digits = true;
      if (scale > 1'000'000'000'000'000) continue;  // finer than any unit's nanosecond
      fraction = fraction * 10 + (rest.front() - '0');
      scale *= 10;
    }
  }
  if (!has_digits) return std::nullopt;
  const auto unit = take_unit(rest);
  if (!unit) return std::nullopt;
  return whole * unit->nanoseconds + fraction * unit->nanoseconds / scale;
}

Error no_duration(std::string_view text) {
  return {Code::invalid,
          "not a duration such as 1.2ms or 1h3m: " + std::string(text.substr(0, 64))};
}

}  // namespace

Result<std::int64_t> parse_go_duration(std::string_view text) {
  constexpr Wide most = std::numeric_limits<std::int64_t>::max();
  std::string_view rest = text;
  const bool is_negative = rest.starts_with('-');
  if (is_negative || rest.starts_with('+')) rest.remove_prefix(1);
  if (rest == "0") return std::int64_t{0};
  if (rest.empty()) return no_duration(text);
  Wide sum = 0;
  while (!rest.empty()) {
    const auto part = take_part(rest);
    if (!part) return no_duration(text);
    sum += *part;
    if (sum > most + (is_negative ? 1 : 0)) return no_duration(text);
  }
  return static_cast<std::int64_t>(is_negative ? -sum : sum);
}

std::string to_go_duration(std::int64_t nanoseconds) {
  if (nanoseconds == 0) return "0s";
  std::string text(nanoseconds < 0 ? "-" : "");
  auto rest = static_cast<std::uint64_t>(nanoseconds);
  if (nanoseconds < 0) rest = 0 - rest;
  constexpr std::uint64_t minute = 60'000'000'000, hour = 60 * minute;
  const bool has_minutes = rest >= minute;
  if (rest >= hour) text += std::to_string(rest / hour) + "h";
  if (has_minutes) text += std::to_string(rest % hour / minute) + "m";
  rest %= minute;
  // What is left in the greatest unit that it reaches; behind minutes in seconds.
  Unit unit = k_units[0];
  for (const Unit& other : k_units) {
    const auto size = static_cast<std::uint64_t>(other.nanoseconds);
    const bool fits = size < minute && (has_minutes ? other.name == "s" : size <= rest);
    if (fits && other.nanoseconds > unit.nanoseconds) unit = other;
  }
  const auto size = static_cast<std::uint64_t>(unit.nanoseconds);
  text += std::to_string(rest / size);
  std::string fraction = std::to_string(size + rest % size).substr(1);
  fraction.erase(fraction.find_last_not_of('0') + 1);
  if (!fraction.empty()) text += "." + fraction;
  text += unit.name;
  return text;
}

}  // namespace bl::traces
