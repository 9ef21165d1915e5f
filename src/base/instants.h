#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

/// Instants in nanoseconds since 1970, as spans have them, and their texts in our own API.
namespace bl {

/// RFC 3339 with up to nine digits of fraction, or nanoseconds since 1970 as a decimal integer.
/// Errors: invalid, also for instants that nanoseconds in 64 bits cannot say.
Result<std::int64_t> parse_instant(std::string_view text);
/// Nanoseconds: RFC 3339 as above, in UTC, with as many digits as it needs.
std::string instant_text(std::int64_t at_ns);

}  // namespace bl
