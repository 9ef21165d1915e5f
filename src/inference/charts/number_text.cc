#include "inference/number_text.h"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <limits>

#include "base/check.h"

namespace bl::inference {
namespace {

// digits[0].digits[1..] * 10^exponent, without trailing zeros; `0` has exponent 0.
struct Decimal {
  bool negative = false;
  std::string digits;
  int exponent = 0;
};

Decimal shortest(double n) {
  char text[40];
  const auto end = std::to_chars(text, text + sizeof text, n, std::chars_format::scientific);
  Decimal d;
  const char* at = text;
  if (*at == '-') d.negative = true, ++at;
  for (; *at != 'e'; ++at) {
    if (*at != '.') d.digits += *at;
  }
  if (*++at == '+') ++at;  // from_chars knows no plus
  std::from_chars(at, end.ptr, d.exponent);
  while (d.digits.size() > 1 && d.digits.back() == '0') d.digits.pop_back();
  return d;
}

// Plain digits, as many as there are; `point` is where the point stands, counted from the left.
std::string plain(const std::string& digits, int point) {
  const int n = static_cast<int>(digits.size());
  if (point >= n) return digits + std::string(static_cast<std::size_t>(point - n), '0');
  if (point > 0) {
    const auto at = static_cast<std::size_t>(point);
    return digits.substr(0, at) + "." + digits.substr(at);
  }
  return "0." + std::string(static_cast<std::size_t>(-point), '0') + digits;
}

// Halves away from zero, at `places` behind the point.
void round_at(Decimal& d, int places) {
  const int keep = d.exponent + 1 + places;
  if (keep >= static_cast<int>(d.digits.size())) return;
  const bool up = keep >= 0 && d.digits[static_cast<std::size_t>(keep)] >= '5';
  d.digits.resize(static_cast<std::size_t>(std::max(keep, 0)));
  if (up) {
    std::size_t at = d.digits.size();
    while (at > 0 && d.digits[at - 1] == '9') d.digits[--at] = '0';
    if (at > 0) {
      ++d.digits[at - 1];
    } else {
      d.digits.insert(d.digits.begin(), '1');
      ++d.exponent;
    }
  }
  while (!d.digits.empty() && d.digits.back() == '0') d.digits.pop_back();
  if (d.digits.empty()) d.digits = "0", d.exponent = 0;
}

std::string not_finite(double n) {
  if (std::isnan(n)) return "NaN";
  return n < 0 ? "-Infinity" : "Infinity";
}

// `1.0` becomes `1`.
std::string without_zero_tenth(std::string text) {
  if (text.ends_with(".0")) text.resize(text.size() - 2);
  return text;
}

}  // namespace

std::string ecma_number(double n) {
  if (!std::isfinite(n)) return not_finite(n);
  if (n == 0) return "0";
  const Decimal d = shortest(n);
  const std::string minus = d.negative ? "-" : "";
  if (d.exponent >= -6 && d.exponent < 21) return minus + plain(d.digits, d.exponent + 1);
  std::string mantissa = d.digits.substr(0, 1);
  if (d.digits.size() > 1) mantissa += "." + d.digits.substr(1);
  return minus + mantissa + (d.exponent < 0 ? "e-" : "e+") + std::to_string(std::abs(d.exponent));
}

std::string ecma_fixed(double n, int digits) {
  BL_CHECK(digits >= 0 && digits <= 20);
  if (!std::isfinite(n) || std::abs(n) >= 1e21) return ecma_number(n);
  // Only a number with digits + 1 binary places can lie in the middle of two decimals; printf would
  // take the even one. 2^53 * 5^4 fits into 64 bits.
  const double scaled = std::ldexp(std::abs(n), digits + 1);
  if (digits <= 4 && scaled < 9007199254740992.0 && std::fmod(scaled, 2) == 1) {
    std::uint64_t fives = 1;
    for (int i = 0; i < digits; ++i) fives *= 5;
    std::string units = std::to_string((static_cast<std::uint64_t>(scaled) * fives + 1) / 2);
    const auto wanted = static_cast<std::size_t>(digits) + 1;
    if (units.size() < wanted) units.insert(0, wanted - units.size(), '0');
    return (n < 0 ? "-" : "") + plain(units, static_cast<int>(units.size()) - digits);
  }
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, n == 0 ? 0.0 : n);
  return text;
}

std::string grouped_number(double n, int digits) {
  if (std::isnan(n)) return "NaN";
  if (std::isinf(n)) return n < 0 ? "-∞" : "∞";
  Decimal d = shortest(n);
  round_at(d, digits);
  std::string text = plain(d.digits, d.exponent + 1);
  const std::size_t whole = std::min(text.find('.'), text.size());
  for (std::size_t at = whole; at > 3; at -= 3) text.insert(at - 3, ",");
  return (d.negative ? "-" : "") + text;
}

std::string format_number(double n) {
  return n < 10000 ? ecma_number(n) : grouped_number(n, 3);
}

std::string format_large_number(double n) {
  const double size = std::abs(n);
  if (size >= 1e9) return without_zero_tenth(ecma_fixed(n / 1e9, 1)) + "B";
  if (size >= 1e6) return without_zero_tenth(ecma_fixed(n / 1e6, 1)) + "M";
  if (size >= 1e3) return without_zero_tenth(ecma_fixed(n / 1e3, 1)) + "k";
  return ecma_number(n);
}

std::string format_parameter_count(double billions) {
  if (billions >= 1000) return ecma_number(billions / 1000) + "T";
  return ecma_number(billions) + "B";
}

std::string format_context_window(double tokens) {
  if (tokens >= 1e6) return without_zero_tenth(ecma_fixed(tokens / 1e6, 1)) + "M";
  return ecma_fixed(tokens / 1e3, 0) + "K";
}

}  // namespace bl::inference
