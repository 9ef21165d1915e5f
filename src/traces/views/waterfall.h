#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "traces/span_tree.h"

/// The waterfall of a trace, as values; a part of its rows at a time, so that a trace of a million
/// spans is paged.
namespace bl::traces {

/// A span in the order of the walk, depth first.
struct WaterfallRow {
  std::size_t span = 0;               ///< index
  std::optional<std::size_t> parent;  ///< its row
  std::size_t descendants = 0;        ///< the rows right behind this one that stand below it
  std::vector<PathPart> critical;     ///< of the critical path, by time
};
/// Rows [first, first + count) of `tree.walk`, fewer at its end; the rest of a row lies in
/// `tree.nodes[row.span]`. Cost: n; of memory two numbers for each span, beside the rows.
std::vector<WaterfallRow> waterfall_rows(const SpanTree& tree, const std::vector<PathPart>& path,
                                         std::size_t first, std::size_t count);

}  // namespace bl::traces
