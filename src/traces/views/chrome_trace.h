#pragma once

#include <string>

#include "traces/span_tree.h"

/// Chrome's trace events: what chrome://tracing, Perfetto and Speedscope load.
namespace bl::traces {

/// `{"displayTimeUnit":"ns","traceEvents":[..]}`: a process for each service, in it as many lanes
/// (threads) as it takes so that spans of a lane either hold one another or do not meet: viewers
/// nest by time alone. A span stands in the lane of its nearest ancestor of the same service where
/// nothing else runs then, else in a free one; so a viewer nests nothing under what is no ancestor.
/// Complete events (`X`) with the ids, attributes, status and self time as arguments; events of
/// spans as instants; names of processes and threads as metadata. Times are microseconds with three
/// digits, exact, from the trace's start: a viewer's double keeps nanoseconds for 100 days only.
/// `otherData` holds the trace's id and start.
std::string encode_chrome_trace(const Spans& spans, const SpanTree& tree);

}  // namespace bl::traces
