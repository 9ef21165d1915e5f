#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "base/result.h"
#include "base/trace_id.h"

/// Which traces stay, however old they are.
namespace bl::traces {

/// At most `limit` ids behind `after`, sorted, each once; fewer: that was all. Bound by app, since
/// who cites a trace is kept elsewhere; an empty function: no trace is pinned. Threads: any.
/// Errors: those of the place; nothing expires then.
using PinnedTraces =
    std::function<Result<std::vector<TraceId>>(const TraceId& after, std::size_t limit)>;

}  // namespace bl::traces
