#pragma once

#include <cstddef>
#include <vector>

#include "traces/span_tree.h"

namespace bl::traces {

/// A trace to be matched with another; identities are numbers that both share.
struct MatchSide {
  const SpanTree& tree;
  const std::vector<std::size_t>& identity;  ///< by span
};

inline constexpr std::size_t k_unmatched = static_cast<std::size_t>(-1);

/// Which span of the one is which of the other; k_unmatched: none.
struct SpanMatching {
  std::vector<std::size_t> compare_of;  ///< by the base's span
  std::vector<std::size_t> base_of;     ///< by the other's
  std::size_t matched = 0;
  /// Spans with more candidates than counterparts: which of them is the one is a guess.
  std::size_t ambiguous = 0;
};
/// As trace_diff.h says it. Cost: n log n.
SpanMatching match_spans(const MatchSide& base, const MatchSide& compare);

}  // namespace bl::traces
