#include <cmath>
#include <limits>

#include "conformance/inference_functions.h"

namespace bl::inference::conformance {

json::Value undefined() {
  return json::Value::string("__undefined__");
}

bool is_undefined(const json::Value& value) {
  return value.is_string() && value.as_string() == "__undefined__";
}

json::Value number_of(double value) {
  if (std::isnan(value)) return json::Value::string("__NaN__");
  if (std::isinf(value)) return json::Value::string(value > 0 ? "__Infinity__" : "__-Infinity__");
  return json::Value::number(value);
}

std::optional<double> double_of(const json::Value& value) {
  if (value.is_number()) return value.as_double();
  if (!value.is_string()) return std::nullopt;
  const std::string& text = value.as_string();
  if (text == "__NaN__") return std::numeric_limits<double>::quiet_NaN();
  if (text == "__Infinity__") return std::numeric_limits<double>::infinity();
  if (text == "__-Infinity__") return -std::numeric_limits<double>::infinity();
  return std::nullopt;
}

}  // namespace bl::inference::conformance
