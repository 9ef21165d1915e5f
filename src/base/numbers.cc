#include "base/numbers.h"

#include <array>
#include <charconv>
#include <cmath>

#include "base/check.h"

namespace bl {
namespace {

constexpr double k_integer_exact_max = 9007199254740992.0;  // 2^53

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::size_t skip_digits(std::string_view text, std::size_t at) {
  while (at < text.size() && is_digit(text[at])) ++at;
  return at;
}

/// A finite double other than zero as d1 d2 ... dn * 10^(point - n), shortest digits.
struct Digits {
  std::array<char, 24> text;
  int count = 0;
  int point = 0;  // how many of the digits stand before the decimal point; may be negative
};

Digits shortest_digits(double magnitude) {
  std::array<char, 40> buffer;
  auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), magnitude,
                           std::chars_format::scientific)
                 .ptr;
  Digits digits;
  const char* at = buffer.data();
  for (; *at != 'e'; ++at) {
    if (*at != '.') digits.text[digits.count++] = *at;
  }
  ++at;
  if (*at == '+') ++at;
  int exponent = 0;
  std::from_chars(at, end, exponent);
  digits.point = exponent + 1;
  return digits;
}

}  // namespace

std::size_t write_json_number(char* to, double value) {
  BL_CHECK(std::isfinite(value));
  char* const end = to + k_number_chars_max;
  char* at = to;
  if (value == std::trunc(value) && std::fabs(value) <= k_integer_exact_max) {
    if (value == 0 && std::signbit(value)) *at++ = '-';
    at = std::to_chars(at, end, static_cast<std::int64_t>(value)).ptr;
  } else {
    at = std::to_chars(at, end, value).ptr;
  }
  return static_cast<std::size_t>(at - to);
}

void append_json_number(std::string& out, double value) {
  std::array<char, k_number_chars_max> buffer;
  out.append(buffer.data(), write_json_number(buffer.data(), value));
}

std::string json_number(double value) {
  std::string out;
  append_json_number(out, value);
  return out;
}

std::string python_repr(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  std::string out;
  if (std::signbit(value)) out += '-';
  if (value == 0) return out += "0.0";
  const Digits digits = shortest_digits(std::fabs(value));
  const std::string_view text(digits.text.data(), static_cast<std::size_t>(digits.count));
  if (digits.point > 16 || digits.point < -3) {  // from 1e16, and below 1e-4
    out += text[0];
    if (text.size() > 1) out.append(".").append(text.substr(1));
    const int exponent = digits.point - 1;
    out.append(exponent < 0 ? "e-" : "e+");
    const std::string magnitude = std::to_string(std::abs(exponent));
    if (magnitude.size() < 2) out += '0';
    return out += magnitude;
  }
  if (digits.point <= 0) {
    out.append("0.").append(static_cast<std::size_t>(-digits.point), '0').append(text);
    return out;
  }
  const auto point = static_cast<std::size_t>(digits.point);
  if (text.size() <= point) {
    out.append(text).append(point - text.size(), '0').append(".0");
    return out;
  }
  return out.append(text.substr(0, point)).append(".").append(text.substr(point));
}

double round_significant(double value, int digits) {
  BL_CHECK(digits >= 1);
  // 17 significant digits name each double: more cannot change it.
  if (digits >= 17 || !std::isfinite(value)) return value;
  std::array<char, 64> buffer;
  char* const begin = buffer.data();
  auto written =
      std::to_chars(begin, begin + buffer.size(), value, std::chars_format::scientific, digits - 1);
  double rounded = value;
  auto read = std::from_chars(begin, written.ptr, rounded);
  if (read.ec == std::errc::result_out_of_range) return std::copysign(HUGE_VAL, value);
  return rounded;
}

bool is_json_number(std::string_view text) {
  std::size_t at = 0;
  if (at < text.size() && text[at] == '-') ++at;
  if (at == text.size() || !is_digit(text[at])) return false;
  at = text[at] == '0' ? at + 1 : skip_digits(text, at);
  if (at < text.size() && text[at] == '.') {
    const std::size_t fraction = at + 1;
    at = skip_digits(text, fraction);
    if (at == fraction) return false;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    const std::size_t exponent = at;
    at = skip_digits(text, exponent);
    if (at == exponent) return false;
  }
  return at == text.size();
}

bool is_bounded_number(std::string_view json_number_text) {
  constexpr std::size_t k_digits_always_fit = 300;
  constexpr std::size_t k_exponent_digits_max = 6;
  const std::size_t mark = json_number_text.find_first_of("eE");
  if (mark == std::string_view::npos) {
    if (json_number_text.size() < k_digits_always_fit) return true;
  } else {
    std::string_view exponent = json_number_text.substr(mark + 1);
    exponent.remove_prefix(std::min(exponent.find_first_not_of("+-0"), exponent.size()));
    if (exponent.size() > k_exponent_digits_max) return false;
  }
  return parse_double(json_number_text).has_value();
}

namespace {

// A JSON number taken apart: DIGITS with a point after the first `point` of them, times
// 10^exponent.
struct Decimal {
  bool negative = false;
  std::string digits;
  std::int64_t point = 0;
  std::int64_t exponent = 0;
};

Decimal decimal_of(std::string_view json_number_text) {
  BL_CHECK(is_json_number(json_number_text));
  Decimal decimal;
  decimal.negative = json_number_text.front() == '-';
  std::string_view text = json_number_text.substr(decimal.negative ? 1 : 0);
  if (const std::size_t mark = text.find_first_of("eE"); mark != std::string_view::npos) {
    std::string_view digits = text.substr(mark + 1);
    if (digits.front() == '+') digits.remove_prefix(1);
    const auto read =
        std::from_chars(digits.data(), digits.data() + digits.size(), decimal.exponent);
    // Beyond 64 bits no text of a sane length can tell the values apart.
    if (read.ec != std::errc()) {
      decimal.exponent = digits.front() == '-' ? INT64_MIN / 2 : INT64_MAX / 2;
    }
    text = text.substr(0, mark);
  }
  decimal.digits = text;
  decimal.point = static_cast<std::int64_t>(text.size());
  if (const std::size_t dot = decimal.digits.find('.'); dot != std::string::npos) {
    decimal.digits.erase(dot, 1);
    decimal.point = static_cast<std::int64_t>(dot);
  }
  return decimal;
}

}  // namespace

void append_plain_decimal(std::string& out, std::string_view json_number_text) {
  BL_CHECK(is_bounded_number(json_number_text));
  constexpr std::int64_t k_places_max = 400;
  Decimal decimal = decimal_of(json_number_text);
  std::string& digits = decimal.digits;
  const auto fraction = static_cast<std::int64_t>(digits.size()) - decimal.point;
  const std::int64_t places = std::max<std::int64_t>(fraction - decimal.exponent, 0);
  const std::size_t first = digits.find_first_not_of('0');
  const bool is_zero = first == std::string::npos;
  std::int64_t point = decimal.point + decimal.exponent;
  if (is_zero ? places > k_places_max : point - static_cast<std::int64_t>(first) < -k_places_max) {
    out += '0';
    return;
  }
  if (decimal.negative && !is_zero) out += '-';
  if (is_zero) {
    out += '0';
    if (places > 0) out.append(".").append(static_cast<std::size_t>(places), '0');
    return;
  }
  digits.erase(0, first);
  point -= static_cast<std::int64_t>(first);
  const auto count = static_cast<std::int64_t>(digits.size());
  if (point <= 0) {
    out.append("0.").append(static_cast<std::size_t>(-point), '0').append(digits);
  } else if (point >= count) {
    out.append(digits).append(static_cast<std::size_t>(point - count), '0');
  } else {
    const auto split = static_cast<std::size_t>(point);
    out.append(digits, 0, split).append(".").append(digits, split);
  }
}

void append_exact_decimal(std::string& out, std::string_view json_number_text) {
  Decimal decimal = decimal_of(json_number_text);
  const bool negative = decimal.negative;
  const std::int64_t exponent = decimal.exponent;
  std::string& digits = decimal.digits;
  std::int64_t point = decimal.point;
  const std::size_t first = digits.find_first_not_of('0');
  if (first == std::string::npos) {
    out += '0';
    return;
  }
  digits.erase(digits.find_last_not_of('0') + 1);
  digits.erase(0, first);
  point += exponent - static_cast<std::int64_t>(first);

  // The value is 0.DIGITS * 10^point.
  if (negative) out += '-';
  const auto count = static_cast<std::int64_t>(digits.size());
  if (point > 21 || point < -5) {
    out += digits[0];
    if (count > 1) out.append(".").append(digits, 1);
    out.append("e").append(std::to_string(point - 1));
  } else if (point <= 0) {
    out.append("0.").append(static_cast<std::size_t>(-point), '0').append(digits);
  } else if (point >= count) {
    out.append(digits).append(static_cast<std::size_t>(point - count), '0');
  } else {
    const auto split = static_cast<std::size_t>(point);
    out.append(digits, 0, split).append(".").append(digits, split);
  }
}

std::optional<double> parse_double(std::string_view text) {
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return std::nullopt;
  }
  if (!is_json_number(text)) return std::nullopt;
  double value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec == std::errc()) {
    return std::isfinite(value) ? std::optional(value) : std::nullopt;
  }
  // from_chars says "out of range" for both ends; the exact exponent tells which one it was.
  std::string decimal;
  append_exact_decimal(decimal, text);
  const std::size_t mark = decimal.find("e-");
  if (mark == std::string::npos) return std::nullopt;
  return decimal.front() == '-' ? -0.0 : 0.0;
}

std::optional<std::int64_t> parse_int64(std::string_view text) {
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return std::nullopt;
  }
  std::int64_t value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace bl
