#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "traces/span_tree.h"

/// The flame graph of a trace: spans that were called in the same way, together.
namespace bl::traces {

/// All spans of one path of (service, name) from a root.
struct FlameFrame {
  std::optional<std::size_t> parent;  ///< index of its frame, before this one
  std::string service, name;
  std::int64_t spans = 0, errors = 0;
  /// Summed; frames of spans that ran side by side, or outlived their parent, may exceed it.
  std::int64_t total_ns = 0;
  std::int64_t self_ns = 0, critical_ns = 0;
};
struct FlameLimits {
  std::size_t frames_max = 20'000;
  int depth_max = 1'000;
};
struct FlameGraph {
  /// Depth first: parents before children. Siblings by total time, descending, then by name.
  std::vector<FlameFrame> frames;
  /// Spans whose frame is left out by a limit (the smallest first). They count in the nearest frame
  /// above that is there, with all but their total time; where there is none, nowhere.
  std::int64_t folded_spans = 0;
};
/// Cost: n log n; of memory some numbers for each span, beside the frames.
FlameGraph flame_graph(const Spans& spans, const SpanTree& tree, const std::vector<PathPart>& path,
                       const FlameLimits& limits = {});

}  // namespace bl::traces
