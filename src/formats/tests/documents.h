#pragma once

#include <string>
#include <string_view>

#include "formats/formats.h"

/// Ways to say what is expected of a document.
namespace bl::formats::testing {

/// The value at a JSON path of plain keys (`stats/data`) as JSON text; "(none)" when it is absent.
inline std::string at(const json::Value& document, std::string_view path) {
  const json::Value* value = &document;
  while (value != nullptr && !path.empty()) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    value = value->find(path.substr(0, slash));
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
  return value == nullptr ? "(none)" : json::to_text(*value);
}

inline json::Value parsed(std::string_view text) {
  return json::parse(text).value();
}

}  // namespace bl::formats::testing
