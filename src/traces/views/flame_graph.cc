#include "traces/views/flame_graph.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <tuple>

#include "traces/analysis/extent.h"
#include "traces/analysis/services.h"

namespace bl::traces {
namespace {

using Index = std::size_t;
constexpr Index k_none = static_cast<Index>(-1);

/// Frames while spans are added to them; a frame stands behind its parent.
class Frames {
 public:
  Frames(const Spans& spans, const SpanTree& tree, const FlameLimits& limits)
      : spans_(spans), tree_(tree), limits_(limits), services_(spans) {
    frame_of_.assign(spans.size(), k_none);
    for (const Index at : tree.walk) add(at);
  }

  void add_critical(const std::vector<PathPart>& path) {
    for (const PathPart& part : path) {
      const Index frame = frame_of_[part.span];
      if (frame != k_none) frames_[frame].critical_ns += part.end_ns - part.start_ns;
    }
  }
  FlameGraph finish();

 private:
  using Key = std::tuple<Index, std::string_view, std::string_view>;  // parent, service, name

  void add(Index at);
  std::vector<bool> worth_keeping() const;
  void fold_others(const std::vector<bool>& kept);
  std::vector<Index> depth_first(const std::vector<bool>& kept) const;

  const Spans& spans_;
  const SpanTree& tree_;
  const FlameLimits& limits_;
  const Services services_;
  std::vector<FlameFrame> frames_;
  std::vector<Index> frame_of_;  // by span
  std::map<Key, Index> places_;
  std::vector<std::int64_t> own_;  // by frame: its spans, less those folded into it
};

void Frames::add(Index at) {
  const Span& span = spans_[at];
  const SpanTree::Node& node = tree_.nodes[at];
  const Index above = node.parent ? frame_of_[*node.parent] : k_none;
  const bool is_too_deep = node.depth >= limits_.depth_max;
  Index place = above;
  if (!is_too_deep) {
    const auto [found, is_new] =
        places_.try_emplace({above, services_.of(at), span.name}, frames_.size());
    place = found->second;
    if (is_new) {
      FlameFrame& made = frames_.emplace_back();
      own_.push_back(0);
      if (above != k_none) made.parent = above;
      made.service = services_.of(at);
      made.name = span.name;
    }
    frames_[place].total_ns += extent_of(span).length();
    ++own_[place];
  }
  frame_of_[at] = place;
  if (place == k_none) return;
  ++frames_[place].spans;
  if (span.status == StatusCode::error) ++frames_[place].errors;
  frames_[place].self_ns += node.self_ns;
}

/// The frames_max with the greatest total, where a parent is worth what its greatest child is.
std::vector<bool> Frames::worth_keeping() const {
  std::vector<std::int64_t> worth(frames_.size());
  for (Index i = frames_.size(); i-- > 0;) {
    worth[i] = std::max(worth[i], frames_[i].total_ns);
    if (const auto parent = frames_[i].parent) worth[*parent] = std::max(worth[*parent], worth[i]);
  }
  std::vector<Index> order(frames_.size());
  std::iota(order.begin(), order.end(), Index{0});
  std::ranges::stable_sort(order, std::greater(), [&](Index i) { return worth[i]; });
  order.resize(std::min(order.size(), limits_.frames_max));
  std::vector<bool> kept(frames_.size());
  for (const Index i : order) kept[i] = true;
  return kept;
}

void Frames::fold_others(const std::vector<bool>& kept) {
  for (Index i = frames_.size(); i-- > 0;) {
    if (kept[i]) continue;
    FlameFrame& frame = frames_[i];
    if (!frame.parent) continue;
    FlameFrame& above = frames_[*frame.parent];
    above.spans += frame.spans;
    above.errors += frame.errors;
    above.self_ns += frame.self_ns;
    above.critical_ns += frame.critical_ns;
  }
}

std::vector<Index> Frames::depth_first(const std::vector<bool>& kept) const {
  std::vector<std::vector<Index>> children(frames_.size());
  std::vector<Index> roots;
  for (Index i = 0; i < frames_.size(); ++i) {
    if (kept[i]) (frames_[i].parent ? children[*frames_[i].parent] : roots).push_back(i);
  }
  const auto is_smaller = [&](Index a, Index b) {
    const FlameFrame &x = frames_[a], &y = frames_[b];
    return std::tie(y.total_ns, x.service, x.name) > std::tie(x.total_ns, y.service, y.name);
  };
  std::vector<Index> order, to_visit;
  const auto visit_later = [&](std::vector<Index>& siblings) {
    std::ranges::sort(siblings, is_smaller);  // the greatest last: it is visited first
    to_visit.insert(to_visit.end(), siblings.begin(), siblings.end());
  };
  visit_later(roots);
  while (!to_visit.empty()) {
    order.push_back(to_visit.back());
    to_visit.pop_back();
    visit_later(children[order.back()]);
  }
  return order;
}

FlameGraph Frames::finish() {
  const std::vector<bool> kept = worth_keeping();
  fold_others(kept);
  const std::vector<Index> order = depth_first(kept);
  std::vector<Index> place(frames_.size());
  for (Index i = 0; i < order.size(); ++i) place[order[i]] = i;
  FlameGraph graph;
  graph.folded_spans = static_cast<std::int64_t>(spans_.size());
  graph.frames.reserve(order.size());
  for (const Index i : order) {
    graph.folded_spans -= own_[i];
    FlameFrame& frame = graph.frames.emplace_back(std::move(frames_[i]));
    if (frame.parent) frame.parent = place[*frame.parent];
  }
  return graph;
}

}  // namespace

FlameGraph flame_graph(const Spans& spans, const SpanTree& tree, const std::vector<PathPart>& path,
                       const FlameLimits& limits) {
  Frames frames(spans, tree, limits);
  frames.add_critical(path);
  return frames.finish();
}

}  // namespace bl::traces
