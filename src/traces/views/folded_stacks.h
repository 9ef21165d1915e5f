#pragma once

#include <string>

#include "traces/span_tree.h"

/// Folded stacks: what flamegraph.pl, inferno and Speedscope draw.
namespace bl::traces {

enum class StackWeight : unsigned char { self, critical };

/// A line for each path with weight: `shop: GET /;db: SELECT 1200`, nanoseconds, sorted. Semicolons
/// and line ends in names become commas and blanks. By self time the lines sum up to that of all
/// spans, by critical time to the root's duration.
std::string folded_stacks(const Spans& spans, const SpanTree& tree,
                          const std::vector<PathPart>& path, StackWeight weight);

}  // namespace bl::traces
