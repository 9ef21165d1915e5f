#include "inference/coercion.h"

#include <charconv>
#include <cmath>
#include <limits>

#include "base/numbers.h"

namespace bl::inference {
namespace {

constexpr double k_infinity = std::numeric_limits<double>::infinity();

std::string_view without_blanks_before(std::string_view text) {
  std::size_t at = text.find_first_not_of(" \t\n\r\v\f");
  return at == std::string_view::npos ? std::string_view() : text.substr(at);
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// The sign at the front, which is taken off: -1 or 1.
double take_sign(std::string_view& text) {
  if (text.empty() || (text[0] != '-' && text[0] != '+')) return 1;
  double sign = text[0] == '-' ? -1 : 1;
  text.remove_prefix(1);
  return sign;
}

/// Reads the decimal number at the front; gives its length, 0 when there is none.
std::size_t read_decimal(std::string_view text, double& number) {
  bool begins = !text.empty() &&
                (is_digit(text[0]) || (text.size() > 1 && text[0] == '.' && is_digit(text[1])));
  if (!begins) return 0;  // from_chars would also take inf and nan
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  std::string_view taken = text.substr(0, static_cast<std::size_t>(end - text.data()));
  if (error == std::errc::result_out_of_range) {
    // Too small or too large: an exponent with a minus, or a zero before the point.
    bool is_small = taken.find("e-") != taken.npos || taken.find("E-") != taken.npos ||
                    taken[0] == '0' || taken[0] == '.';
    number = is_small ? 0 : k_infinity;
  }
  return taken.size();
}

/// A whole text as a number: "" is 0, a sign alone is none.
std::optional<double> whole_number(std::string_view text) {
  text = without_blanks_before(text);
  text = text.substr(0, text.find_last_not_of(" \t\n\r\v\f") + 1);
  if (text.empty()) return 0;
  double sign = take_sign(text);
  if (text == "Infinity") return sign * k_infinity;
  double number = 0;
  if (text.empty() || read_decimal(text, number) != text.size()) return std::nullopt;
  return sign * number;
}

/// What arrays and scalars are as numbers.
std::optional<double> coerced(const json::Value& value) {
  switch (value.kind()) {
    case json::Kind::null:
      return 0;
    case json::Kind::boolean:
      return value.as_bool() ? 1 : 0;
    case json::Kind::number:
      return value.as_double();
    case json::Kind::string:
      return whole_number(value.as_string());
    case json::Kind::object:
      return std::nullopt;
    case json::Kind::array:
      break;
  }
  const json::Value* item = &value;
  while (item->is_array() && item->items().size() == 1) item = &item->items()[0];
  if (item->is_array() && item->items().empty()) return 0;
  if (item->is_array() || item->is_bool()) return std::nullopt;
  return coerced(*item);
}

}  // namespace

bool parse_bool(const json::Value* value) {
  return parse_optional_bool(value).value_or(false);
}

std::optional<bool> parse_optional_bool(const json::Value* value) {
  if (!value) return std::nullopt;
  if (value->is_bool()) return value->as_bool();
  if (!value->is_string()) return std::nullopt;
  const std::string& text = value->as_string();
  if (text == "true" || text == "True") return true;
  if (text == "false" || text == "False") return false;
  return std::nullopt;
}

std::optional<double> number_prefix(std::string_view text) {
  text = without_blanks_before(text);
  double sign = take_sign(text);
  if (text.starts_with("Infinity")) return sign * k_infinity;
  double number = 0;
  if (read_decimal(text, number) == 0) return std::nullopt;
  return sign * number;
}

std::optional<double> integer_prefix(std::string_view text) {
  text = without_blanks_before(text);
  double sign = take_sign(text);
  std::size_t end = 0;
  while (end < text.size() && is_digit(text[end])) ++end;
  if (end == 0) return std::nullopt;
  double number = 0;
  read_decimal(text.substr(0, end), number);
  return sign * number;
}

std::optional<double> parse_number(const json::Value* value) {
  if (!value || value->is_null()) return std::nullopt;
  if (value->is_number()) return value->as_double();
  return value->is_string() ? number_prefix(value->as_string()) : coerced(*value);
}

std::optional<double> parse_integer(const json::Value* value) {
  if (!value || value->is_null()) return std::nullopt;
  if (value->is_string()) return integer_prefix(value->as_string());
  auto number = coerced(*value);
  // floor(x + 0.5), but for the largest numbers, where a half is lost anyway.
  if (number && std::abs(*number) < 4503599627370496.0) number = std::floor(*number + 0.5);
  return number;
}

bool is_whole_number(std::string_view text) {
  bool is_blank = without_blanks_before(text).empty();
  return !is_blank && whole_number(text).has_value();
}

std::string text_of(const json::Value* value) {
  if (!value) return {};
  if (value->is_string()) return value->as_string();
  if (value->is_bool()) return value->as_bool() ? "true" : "false";
  if (value->is_number()) return json_number(value->as_double());
  return {};
}

bool is_truthy(const json::Value* value) {
  if (!value) return false;
  switch (value->kind()) {
    case json::Kind::null:
      return false;
    case json::Kind::boolean:
      return value->as_bool();
    case json::Kind::number:
      return value->as_double() != 0;
    case json::Kind::string:
      return !value->as_string().empty();
    default:
      return true;
  }
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

}  // namespace bl::inference
