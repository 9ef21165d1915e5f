#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "events/api/answers.h"

/// Partition refs and job labels in paths. A client writes one percent-encoded (`data%2Fusers`), or
/// as base64url without padding (`ZGF0YS91c2Vycw`), which no proxy touches. Few names can be read
/// both ways; then what the log knows decides, and `?encoding=text` or `base64url` says it.
namespace bl::events {

/// True when the log knows that name.
using IsKnown = std::function<Result<bool>(const std::string& name)>;
enum class Doubtful : unsigned char {
  as_text,  ///< what can be read both ways, and is known neither way or both: as text
  refused,  ///< for writes: an error instead
};

/// The name in the path's capture. Takes the parameter `encoding` of `fields`, whose faults it
/// adds to. Errors: invalid (it is not what `encoding` says; in doubt), those of `is_known`.
Result<std::string> name_in_path(const Request& request, std::string_view capture,
                                 net::QueryFields& fields, Doubtful doubtful,
                                 const IsKnown& is_known);

}  // namespace bl::events
