#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "traces/span_tree.h"

/// What a page draws of a trace, as values: rows of the waterfall, frames of the flame graph.
namespace bl::traces {

/// A span in the order of the walk, depth first.
struct WaterfallRow {
  std::size_t span = 0;               ///< index
  std::optional<std::size_t> parent;  ///< its row
  std::size_t descendants = 0;        ///< the rows right behind this one that stand below it
  std::vector<PathPart> critical;     ///< of the critical path, by time
};
/// Rows [first, first + count) of a trace, fewer at its end; the rest of a row lies in
/// `tree.nodes[row.span]`. Cost: n, of memory a number for each span, beside the rows.
std::vector<WaterfallRow> waterfall_rows(const SpanTree& tree, const std::vector<PathPart>& path,
                                         std::size_t first, std::size_t count);

/// All spans of one path of (service, name) from a root.
struct FlameFrame {
  std::optional<std::size_t> parent;  ///< index of its frame, before this one
  std::string service, name;
  std::int64_t spans = 0, errors = 0;
  std::int64_t total_ns = 0;  ///< summed; spans that ran side by side may exceed the parent's
  std::int64_t self_ns = 0, critical_ns = 0;
};
struct FlameLimits {
  std::size_t frames_max = 20'000;
  int depth_max = 1'000;
};
struct FlameGraph {
  std::vector<FlameFrame> frames;  ///< parents before children; siblings by total time, descending
  /// Spans whose own frame is left out (a limit): they count in the nearest frame above that is
  /// there, or, without one, nowhere.
  std::int64_t folded_spans = 0;
};
FlameGraph flame_graph(const Spans& spans, const SpanTree& tree, const std::vector<PathPart>& path,
                       const FlameLimits& limits = {});

}  // namespace bl::traces
