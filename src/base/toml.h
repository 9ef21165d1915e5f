#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"

/// TOML read into the values of base/json.h, with the line of each, so that a strict reader can say
/// where something is wrong. Dates and times become texts.
namespace bl {

struct TomlDocument {
  std::string file_name;
  json::Value root;  ///< an object; members of a table in the order of their lines
  std::map<std::string, std::uint32_t, std::less<>> lines;  ///< by JSON pointer; the root is ``

  /// `FILE:LINE` of a value; of one that is not there, its nearest parent's.
  std::string place_of(std::string_view pointer) const;
};

/// Errors: malformed (no TOML) with `FILE:LINE` as the fault's path; invalid (nan, inf).
Result<TomlDocument> parse_toml(std::string_view text, std::string file_name);

}  // namespace bl
