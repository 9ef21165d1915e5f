#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "traces/model.h"

/// The spans of one trace as a tree, where its time goes, and how two traces differ
/// (spec/traces.md 5, 7.8). Pure; iterative: a trace may be 100,000 deep.
namespace bl::traces {

/// Indices are those of the spans given, which outlive the tree. Orphans (parent not there), roots
/// and the spans that break a cycle (the earliest of the cycle) all begin a branch.
struct SpanTree {
  struct Node {
    std::optional<std::size_t> parent;
    std::vector<std::size_t> children;  ///< by is_before()
    int depth = 0;
    bool is_orphan = false;
    bool breaks_cycle = false;
    std::int64_t self_ns = 0;  ///< duration less the union of the children, clipped to the span
  };
  std::vector<Node> nodes;         ///< one for each span
  std::vector<std::size_t> roots;  ///< by is_before(); orphans among them
  std::vector<std::size_t> walk;   ///< depth first: the order of a waterfall
  std::int64_t start_ns = 0, end_ns = 0;
};
/// Spans that repeat (span id, kind) must have gone before; those that did not are spans like
/// others. Two spans of one id and other kinds are two spans (Zipkin's shared ids): a child is one
/// of the server's, else of the first; the server's own parent is the client's of the same id, when
/// both name the same parent. An end before its start counts as the start. Cost: n log n.
SpanTree tree_of(const Spans& spans);

/// A piece of the critical path.
struct PathPart {
  std::size_t span = 0;  ///< index
  std::int64_t start_ns = 0, end_ns = 0;
  bool operator==(const PathPart&) const = default;
};
/// From the trace's main root (the longest; of equal ones the first) backward: the last-finishing
/// child that ends at or before the cursor (of equal ends the first by is_before()), clipped to its
/// parent, which was clipped to its own; then from that child's start on. What no such child covers
/// is the span's own. Children of no length are passed over. Parts are in time order, do not
/// overlap, and sum up to the root's duration. Cost: n log n.
std::vector<PathPart> critical_path(const Spans& spans, const SpanTree& tree);

/// Sums over spans of one (service, name), for tables and folded stacks.
struct OperationTime {
  std::string service, name;
  std::int64_t spans = 0, errors = 0;
  std::int64_t total_ns = 0, self_ns = 0, critical_ns = 0;
};
/// By critical time, then self time, descending.
std::vector<OperationTime> operation_times(const Spans& spans, const SpanTree& tree,
                                           const std::vector<PathPart>& path);

/// What keeps a trace from being whole or true, for people (spec/traces.md 5.4).
struct TraceWarning {
  /// `empty`, `no_root`, `many_roots`, `orphans`, `cycle`, `shared_span_id`, `clock_skew` (begins
  /// before its parent), `negative_duration`, `dropped` (attributes, events and links that the
  /// sender left out), `not_sampled` (the sender's flags say so).
  std::string code;
  std::string message;
  std::int64_t count = 0;
};
/// In the order of the codes above.
std::vector<TraceWarning> warnings_of(const Spans& spans, const SpanTree& tree);

}  // namespace bl::traces
