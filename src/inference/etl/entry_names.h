#pragma once

#include <optional>
#include <string_view>

#include "base/utf8.h"
#include "inference/artifacts.h"

namespace bl::inference {

/// True when a name, whose parts `/` separates, stays below where it begins.
inline bool stays_inside(std::string_view name) {
  bool has_drive = name.size() > 1 && name[1] == ':';
  if (name.empty() || name[0] == '/' || has_drive) return false;
  while (true) {
    std::size_t end = std::min(name.find('/'), name.size());
    if (name.substr(0, end) == "..") return false;
    if (end == name.size()) return true;
    name.remove_prefix(end + 1);
  }
}

/// Why an entry of that name is not read; nullopt when it may be.
inline std::optional<std::string_view> refusal(std::string_view name,
                                               const ArtifactLimits& limits) {
  if (name.size() > limits.name_bytes_max) return "name too long";
  if (!is_utf8(name)) return "name is not UTF-8";
  bool has_odd_characters = name.find('\\') != name.npos || name.find('\0') != name.npos;
  if (has_odd_characters || !stays_inside(name)) return "name leads out of the artifact";
  for (const char* ending : {".zip", ".tar.gz", ".tgz", ".tar", ".7z"}) {
    if (name.ends_with(ending)) return "an archive in an archive";
  }
  return std::nullopt;
}

}  // namespace bl::inference
