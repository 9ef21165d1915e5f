#include "traces/span_tree.h"

#include <algorithm>
#include <numeric>
#include <unordered_map>

#include "traces/analysis/extent.h"

namespace bl::traces {
namespace {

using Index = std::size_t;
constexpr Index k_none = static_cast<Index>(-1);

std::vector<Index> in_order(const Spans& spans) {
  std::vector<Index> order(spans.size());
  std::iota(order.begin(), order.end(), Index{0});
  const auto before = [&](Index a, Index b) { return is_before(spans[a], spans[b]); };
  // Answers of the store come sorted.
  if (!std::ranges::is_sorted(order, before)) std::ranges::stable_sort(order, before);
  return order;
}

/// Spans of one id, the first of each sort by is_before().
struct SameId {
  Index first = k_none, server = k_none, client = k_none;
};

class Parents {
 public:
  Parents(const Spans& spans, const std::vector<Index>& order) : spans_(spans) {
    by_id_.reserve(spans.size());
    for (const Index at : order) {
      SameId& same = by_id_[spans[at].span_id];
      if (same.first == k_none) same.first = at;
      if (spans[at].kind == SpanKind::server && same.server == k_none) same.server = at;
      if (spans[at].kind == SpanKind::client && same.client == k_none) same.client = at;
    }
  }

  /// k_none: a root or an orphan. A span that names itself is its own parent: a cycle.
  Index of(Index at) const {
    const Span& span = spans_[at];
    if (const Index client = shared_client(at); client != k_none) return client;
    if (!span.parent_span_id) return k_none;
    const auto found = by_id_.find(*span.parent_span_id);
    if (found == by_id_.end()) return k_none;
    const SameId& same = found->second;
    return same.server != k_none && same.server != at ? same.server : same.first;
  }

 private:
  Index shared_client(Index at) const {
    const Span& span = spans_[at];
    if (span.kind != SpanKind::server) return k_none;
    const Index client = by_id_.find(span.span_id)->second.client;
    const bool is_shared = client != k_none && spans_[client].parent_span_id == span.parent_span_id;
    return is_shared ? client : k_none;
  }

  const Spans& spans_;
  std::unordered_map<SpanId, SameId> by_id_;
};

/// Takes the parent from the earliest span of each cycle.
void break_cycles(const Spans& spans, std::vector<SpanTree::Node>& nodes) {
  std::vector<Index> seen_by(nodes.size(), k_none);  // the span whose way up came by first
  for (Index begin = 0; begin < nodes.size(); ++begin) {
    Index at = begin;
    while (seen_by[at] == k_none) {
      seen_by[at] = begin;
      if (!nodes[at].parent) break;
      at = *nodes[at].parent;
    }
    // Back on this very way: `at` lies on a cycle.
    if (!nodes[at].parent || seen_by[at] != begin) continue;
    Index earliest = at;
    for (Index next = *nodes[at].parent; next != at; next = *nodes[next].parent) {
      const bool is_earlier = is_before(spans[next], spans[earliest]) ||
                              (!is_before(spans[earliest], spans[next]) && next < earliest);
      if (is_earlier) earliest = next;
    }
    nodes[earliest].parent.reset();
    nodes[earliest].breaks_cycle = true;
  }
}

void walk_depth_first(SpanTree& tree) {
  tree.walk.reserve(tree.nodes.size());
  std::vector<Index> to_visit(tree.roots.rbegin(), tree.roots.rend());
  while (!to_visit.empty()) {
    const Index at = to_visit.back();
    to_visit.pop_back();
    tree.walk.push_back(at);
    const SpanTree::Node& node = tree.nodes[at];
    for (auto child = node.children.rbegin(); child != node.children.rend(); ++child) {
      tree.nodes[*child].depth = node.depth + 1;
      to_visit.push_back(*child);
    }
  }
}

/// Children come sorted by their starts.
std::int64_t self_time(const Spans& spans, Index at, const std::vector<Index>& children) {
  const Extent whole = extent_of(spans[at]);
  std::int64_t covered = 0, cursor = whole.start_ns;
  for (const Index child : children) {
    const Extent part = clipped(extent_of(spans[child]), {cursor, whole.end_ns});
    covered += part.length();
    cursor = std::max(cursor, part.end_ns);
  }
  return whole.length() - covered;
}

}  // namespace

SpanTree tree_of(const Spans& spans) {
  SpanTree tree;
  if (spans.empty()) return tree;
  const std::vector<Index> order = in_order(spans);
  tree.nodes.resize(spans.size());
  const Parents parents(spans, order);
  for (Index at = 0; at < spans.size(); ++at) {
    SpanTree::Node& node = tree.nodes[at];
    const Index parent = parents.of(at);
    if (parent != k_none) node.parent = parent;
    node.is_orphan = !node.parent && spans[at].parent_span_id.has_value();
  }
  break_cycles(spans, tree.nodes);

  tree.start_ns = spans[order.front()].start_ns;
  tree.end_ns = tree.start_ns;
  for (const Index at : order) {
    const auto& parent = tree.nodes[at].parent;
    (parent ? tree.nodes[*parent].children : tree.roots).push_back(at);
    tree.end_ns = std::max(tree.end_ns, extent_of(spans[at]).end_ns);
  }
  walk_depth_first(tree);
  for (Index at = 0; at < spans.size(); ++at) {
    tree.nodes[at].self_ns = self_time(spans, at, tree.nodes[at].children);
  }
  return tree;
}

}  // namespace bl::traces
