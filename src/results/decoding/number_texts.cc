#include "results/decoding/number_texts.h"

#include <algorithm>

namespace bl::results {
namespace {

std::string_view take_digits(std::string_view& text) {
  const std::size_t end = std::min(text.find_first_not_of("0123456789"), text.size());
  const std::string_view digits = text.substr(0, end);
  text.remove_prefix(end);
  return digits;
}

bool take(std::string_view& text, std::string_view one_of) {
  if (text.empty() || one_of.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

std::optional<std::string> decimal_text(std::string_view text) {
  std::string json = text.starts_with('-') ? "-" : "";
  take(text, "+-");
  std::string_view whole = take_digits(text);
  const bool has_point = take(text, ".");
  const std::string_view fraction = has_point ? take_digits(text) : std::string_view();
  if (whole.empty() && fraction.empty()) return std::nullopt;
  while (whole.size() > 1 && whole.front() == '0') whole.remove_prefix(1);
  json += whole.empty() ? "0" : whole;
  if (!fraction.empty()) json.append(".").append(fraction);
  if (take(text, "eE")) {
    json += text.starts_with('-') ? "e-" : "e";
    take(text, "+-");
    const std::string_view exponent = take_digits(text);
    if (exponent.empty()) return std::nullopt;
    json += exponent;
  }
  if (!text.empty()) return std::nullopt;
  return json;
}

}  // namespace bl::results
