#pragma once

#include <string>

#include "traces/span_tree.h"

/// Folded stacks: what flamegraph.pl, inferno and Speedscope draw.
namespace bl::traces {

enum class StackWeight : unsigned char { self, critical };

struct FoldedLimits {
  std::size_t bytes_max = 64u << 20;  ///< of the whole text: deep stacks of long names grow fast
};

/// A line for each path with weight: `shop: GET /;db: SELECT 1200`, nanoseconds, sorted. Semicolons
/// and control characters in names become commas and blanks. By self time the lines sum up to that
/// of all spans, by critical time to the root's duration, but for what the limits of a flame graph
/// leave out (flame_graph.h). Errors: too_large.
Result<std::string> folded_stacks(const Spans& spans, const SpanTree& tree,
                                  const std::vector<PathPart>& path, StackWeight weight,
                                  const FoldedLimits& limits = {});

}  // namespace bl::traces
