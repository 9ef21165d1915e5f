#include "traces/views/waterfall.h"

#include <algorithm>

namespace bl::traces {
namespace {

/// Where the rows below each row end, by row: rows behind it that are deeper.
std::vector<std::size_t> ends_of_branches(const SpanTree& tree) {
  const std::size_t count = tree.walk.size();
  std::vector<std::size_t> ends(count, count);
  std::vector<std::size_t> open;  // rows from the root to the one before
  for (std::size_t row = 0; row < count; ++row) {
    const auto depth = static_cast<std::size_t>(tree.nodes[tree.walk[row]].depth);
    for (; open.size() > depth; open.pop_back()) ends[open.back()] = row;
    open.push_back(row);
  }
  return ends;
}

}  // namespace

std::vector<WaterfallRow> waterfall_rows(const SpanTree& tree, const std::vector<PathPart>& path,
                                         std::size_t first, std::size_t count) {
  first = std::min(first, tree.walk.size());
  count = std::min(count, tree.walk.size() - first);
  std::vector<std::size_t> row_of(tree.walk.size());  // by span
  for (std::size_t row = 0; row < tree.walk.size(); ++row) row_of[tree.walk[row]] = row;

  const std::vector<std::size_t> ends = ends_of_branches(tree);
  std::vector<WaterfallRow> rows(count);
  for (std::size_t i = 0; i < count; ++i) {
    WaterfallRow& row = rows[i];
    row.span = tree.walk[first + i];
    if (const auto& parent = tree.nodes[row.span].parent) row.parent = row_of[*parent];
    row.descendants = ends[first + i] - (first + i) - 1;
  }
  for (const PathPart& part : path) {
    const std::size_t row = row_of[part.span];
    if (row >= first && row - first < count) rows[row - first].critical.push_back(part);
  }
  return rows;
}

}  // namespace bl::traces
