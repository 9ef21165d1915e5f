#include "objects/key.h"

#include <fmt/format.h>

#include "base/utf8.h"

namespace bl::objects {
namespace {

constexpr std::size_t k_quoted_bytes_max = 200;

bool has_control(std::string_view text) {
  while (!text.empty()) {
    const Utf8Step step = decode_utf8(text);
    if (!step.valid || is_control(step.code_point)) return true;
    text.remove_prefix(step.bytes);
  }
  return false;
}

bool is_dots(std::string_view name) {
  return name == "." || name == "..";
}

const char* fault_of_segment(std::string_view name) {
  if (name.empty()) return "has an empty segment";
  if (is_dots(name)) return "has a segment of dots";
  if (name.size() > k_segment_bytes_max) return "has a segment of more than 255 bytes";
  if (name.starts_with(k_reserved_start)) return "has a reserved segment (.benchlake-)";
  return nullptr;
}

const char* fault_of(std::string_view key) {
  if (key.empty()) return "is empty";
  if (key.size() > k_key_bytes_max) return "has more than 1000 bytes";
  if (has_control(key)) return "has a control character, or is not UTF-8";
  while (true) {
    const std::size_t slash = key.find('/');
    if (const char* fault = fault_of_segment(key.substr(0, slash))) return fault;
    if (slash == std::string_view::npos) return nullptr;
    key.remove_prefix(slash + 1);
  }
}

}  // namespace

Result<void> check_key(std::string_view key) {
  const char* fault = fault_of(key);
  if (fault == nullptr) return {};
  return Error{Code::invalid, fmt::format("an object's key {}: {}", fault, quoted(key))};
}

bool is_segment(std::string_view name) {
  return fault_of_segment(name) == nullptr && name.find('/') == std::string_view::npos &&
         !has_control(name);
}

Result<void> check_prefix(std::string_view prefix) {
  if (prefix.size() > k_key_bytes_max || prefix.starts_with('/') ||
      prefix.find("//") != std::string_view::npos || !is_utf8(prefix) || has_control(prefix)) {
    return Error{Code::invalid, "not the front of an object's key: " + quoted(prefix)};
  }
  return {};
}

std::string quoted(std::string_view key) {
  const bool cut = key.size() > k_quoted_bytes_max;
  std::string text = valid_utf8(prefix_of_bytes(key, k_quoted_bytes_max));
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  return "'" + text + (cut ? "...'" : "'");
}

}  // namespace bl::objects
