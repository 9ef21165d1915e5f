#include <algorithm>

#include "traces/analysis/extent.h"
#include "traces/span_tree.h"

// From behind: at the end of a span only what finished last can have held it up. So we stand at the
// span's end, go to the child that finished last before us, through that child in the same way, and
// are then at its start. Children that still run where we stand ran beside the path. Where no child
// has finished before us, the span itself was at work back to where the next one did.
namespace bl::traces {
namespace {

struct Child {
  std::size_t span;
  Extent extent;  // clipped
};

/// A span that the path goes through.
struct Frame {
  std::size_t span = 0;
  Extent extent;              // clipped to its parents'
  std::vector<Child> latest;  // children of some length, the last-finishing one last
  std::int64_t cursor = 0;    // what lies behind it is done
};

Frame frame_of(const Spans& spans, const SpanTree& tree, std::size_t span, const Extent& extent) {
  Frame frame{span, extent, {}, extent.end_ns};
  const std::vector<std::size_t>& children = tree.nodes[span].children;
  // Backward, so that of equal ends the first child comes last, and is taken first.
  for (auto child = children.rbegin(); child != children.rend(); ++child) {
    const Extent part = clipped(extent_of(spans[*child]), extent);
    if (part.length() > 0) frame.latest.push_back({*child, part});
  }
  std::ranges::stable_sort(frame.latest, {}, [](const Child& c) { return c.extent.end_ns; });
  return frame;
}

std::size_t main_root(const Spans& spans, const SpanTree& tree) {
  return *std::ranges::max_element(
      tree.roots, {}, [&](std::size_t root) { return extent_of(spans[root]).length(); });
}

}  // namespace

std::vector<PathPart> critical_path(const Spans& spans, const SpanTree& tree) {
  std::vector<PathPart> parts;
  if (tree.roots.empty()) return parts;
  const std::size_t root = main_root(spans, tree);
  std::vector<Frame> way;
  way.push_back(frame_of(spans, tree, root, extent_of(spans[root])));
  while (!way.empty()) {
    Frame& frame = way.back();
    while (!frame.latest.empty() && frame.latest.back().extent.end_ns > frame.cursor) {
      frame.latest.pop_back();
    }
    const bool is_last = frame.latest.empty();
    const std::int64_t until = is_last ? frame.extent.start_ns : frame.latest.back().extent.end_ns;
    if (until < frame.cursor) parts.push_back({frame.span, until, frame.cursor});
    if (is_last) {
      way.pop_back();
      continue;
    }
    const Child next = frame.latest.back();
    frame.latest.pop_back();
    frame.cursor = next.extent.start_ns;
    way.push_back(frame_of(spans, tree, next.span, next.extent));
  }
  std::ranges::reverse(parts);
  return parts;
}

}  // namespace bl::traces
