#include "inference/user_values.h"

namespace bl::inference {

std::optional<std::string> user_value_fault(std::string_view typed) {
  const std::size_t begin = typed.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return std::nullopt;
  typed.remove_prefix(begin);
  if (typed.front() == '+' || typed.front() == '-') typed.remove_prefix(1);
  if (typed.starts_with('.')) typed.remove_prefix(1);
  if (!typed.empty() && typed.front() >= '0' && typed.front() <= '9') return std::nullopt;
  return "Must be a valid number";
}

}  // namespace bl::inference
