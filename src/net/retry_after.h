#pragma once

#include <optional>

#include "base/result.h"

namespace bl::net {

/// After how many seconds the same request may come again; nullopt: a retry makes no sense. What
/// every wire tells (`Retry-After`, `google.rpc.RetryInfo`).
std::optional<int> retry_after_seconds(Code code);

}  // namespace bl::net
