#pragma once

#include <string>

#include "traces/span_tree.h"

/// Chrome's trace events: what chrome://tracing, Perfetto and Speedscope load.
namespace bl::traces {

/// `{"displayTimeUnit":"ns","traceEvents":[..]}`: a process for each service, in it as many lanes
/// (threads) as it takes so that spans of a lane either hold one another or do not meet: viewers
/// nest by time alone. A child stands in its parent's lane where it fits. Complete events (`X`)
/// with the ids, attributes, status and self time as arguments; events of spans as instants; names
/// of processes and threads as metadata. Times are microseconds with three digits: exact. They
/// begin at 0, `otherData` holds the trace's id and start: a viewer's double keeps nanoseconds for
/// 100 days only.
std::string encode_chrome_trace(const Spans& spans, const SpanTree& tree);

}  // namespace bl::traces
