#include "results/reads/difference.h"

#include <algorithm>

#include "base/json.h"

namespace bl::results::reads {
namespace {

using json::Value;

std::optional<std::string> difference(const Value& a, const Value& b, const std::string& pointer);

std::optional<std::string> difference_of_items(const Value& a, const Value& b,
                                               const std::string& pointer) {
  const std::size_t both = std::min(a.items().size(), b.items().size());
  for (std::size_t i = 0; i < both; ++i) {
    if (auto found = difference(a.items()[i], b.items()[i], json::pointer_append(pointer, i))) {
      return found;
    }
  }
  if (a.items().size() == b.items().size()) return std::nullopt;
  return json::pointer_append(pointer, both);
}

std::optional<std::string> difference_of_members(const Value& a, const Value& b,
                                                 const std::string& pointer) {
  for (const auto& [key, value] : a.members()) {
    const Value* other = b.find(key);
    const std::string here = json::pointer_append(pointer, key);
    if (other == nullptr) return here;
    if (auto found = difference(value, *other, here)) return found;
  }
  for (const auto& [key, value] : b.members()) {
    if (a.find(key) == nullptr) return json::pointer_append(pointer, key);
  }
  return std::nullopt;
}

std::optional<std::string> difference(const Value& a, const Value& b, const std::string& pointer) {
  if (a.kind() == b.kind()) {
    if (a.is_array()) return difference_of_items(a, b, pointer);
    if (a.is_object()) return difference_of_members(a, b, pointer);
    if (json::to_text(a) == json::to_text(b)) return std::nullopt;
  }
  return pointer;
}

}  // namespace

std::optional<std::string> first_difference(std::string_view a, std::string_view b) {
  const auto left = json::parse(a);
  const auto right = json::parse(b);
  if (!left.ok() || !right.ok()) return std::nullopt;
  return difference(*left, *right, "");
}

}  // namespace bl::results::reads
