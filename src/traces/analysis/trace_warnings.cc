#include <fmt/format.h>

#include <unordered_set>

#include "traces/span_tree.h"

namespace bl::traces {
namespace {

constexpr std::uint32_t k_sampled = 0x01;           // of W3C's flags
constexpr std::uint32_t k_remote_is_known = 0x100;  // whoever sets it writes the flags

/// What is wrong with a trace, counted.
struct Counts {
  std::int64_t roots = 0, orphans = 0, cycles = 0, shared_ids = 0, skewed = 0, negative = 0,
               dropped = 0, not_sampled = 0;
};

Counts count(const Spans& spans, const SpanTree& tree) {
  Counts counts;
  std::unordered_set<SpanId> ids;
  ids.reserve(spans.size());
  for (std::size_t at = 0; at < spans.size(); ++at) {
    const Span& span = spans[at];
    const SpanTree::Node& node = tree.nodes[at];
    if (!span.parent_span_id) ++counts.roots;
    if (node.is_orphan) ++counts.orphans;
    if (node.breaks_cycle) ++counts.cycles;
    if (!ids.insert(span.span_id).second) ++counts.shared_ids;
    if (node.parent && span.start_ns < spans[*node.parent].start_ns) ++counts.skewed;
    if (span.end_ns < span.start_ns) ++counts.negative;
    counts.dropped +=
        std::int64_t{span.dropped_attributes} + span.dropped_events + span.dropped_links;
    const bool says_not = (span.flags & k_remote_is_known) != 0 && (span.flags & k_sampled) == 0;
    if (says_not) ++counts.not_sampled;
  }
  return counts;
}

}  // namespace

std::vector<TraceWarning> warnings_of(const Spans& spans, const SpanTree& tree) {
  std::vector<TraceWarning> warnings;
  const Counts counts = count(spans, tree);
  const auto warn = [&](std::int64_t how_many, const char* code, std::string_view message) {
    if (how_many > 0) warnings.push_back({code, fmt::format("{} {}", how_many, message), how_many});
  };
  if (spans.empty()) warnings.push_back({"empty", "the trace has no spans", 0});
  if (!spans.empty() && counts.roots == 0) {
    warnings.push_back({"no_root", "no span without a parent came: the trace is not whole", 0});
  }
  if (counts.roots > 1) warn(counts.roots, "many_roots", "spans have no parent");
  warn(counts.orphans, "orphans", "spans whose parent did not come");
  warn(counts.cycles, "cycle", "spans are their own ancestors; their parent is passed over");
  warn(counts.shared_ids, "shared_span_id", "spans have the id of another one");
  warn(counts.skewed, "clock_skew", "spans begin before their parent: clocks differ");
  warn(counts.negative, "negative_duration", "spans end before they begin");
  warn(counts.dropped, "dropped", "attributes, events and links were left out by the sender");
  warn(counts.not_sampled, "not_sampled", "spans were not sampled: others may be missing");
  return warnings;
}

}  // namespace bl::traces
