#pragma once

#include <optional>
#include <string>

#include "base/time.h"

/// Times that may be missing, as JSON's writer takes them: what is missing is null.
namespace bl {

inline std::optional<std::string> to_rfc3339(const std::optional<Timestamp>& time) {
  if (!time) return std::nullopt;
  return to_rfc3339(*time);
}

}  // namespace bl
