#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

/// Durations as Go writes them; Jaeger, Tempo and our own API take them.
namespace bl::traces {

/// `300us`, `1.2ms`, `1h3m`, `-1.5s`, `0`: numbers with units ns, us, µs, ms, s, m, h. Gives
/// nanoseconds; what is finer is cut off. Errors: invalid (something else, beyond 292 years).
Result<std::int64_t> parse_go_duration(std::string_view text);
/// As Go prints it, exact: `1.2ms`, `1m30s`, `0s`. (Go writes `µs`, we `us`.)
std::string to_go_duration(std::int64_t nanoseconds);

}  // namespace bl::traces
