#include "traces/views/folded_stacks.h"

#include <algorithm>

#include "traces/views/flame_graph.h"

namespace bl::traces {
namespace {

/// A frame's name as it may stand in a line.
std::string word_of(const FlameFrame& frame) {
  std::string word = frame.service + ": " + frame.name;
  for (char& c : word) {
    if (c == ';') c = ',';
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  }
  return word;
}

}  // namespace

Result<std::string> folded_stacks(const Spans& spans, const SpanTree& tree,
                                  const std::vector<PathPart>& path, StackWeight weight,
                                  const FoldedLimits& limits) {
  const std::vector<FlameFrame> frames = flame_graph(spans, tree, path).frames;
  std::vector<std::string> lines;
  std::size_t bytes = 0;
  std::string stack;
  std::vector<std::size_t> ends;  // of the words of `stack`, from the root on
  std::vector<std::size_t> levels(frames.size());
  for (std::size_t i = 0; i < frames.size(); ++i) {
    levels[i] = frames[i].parent ? levels[*frames[i].parent] + 1 : 0;
    ends.resize(levels[i]);
    stack.resize(ends.empty() ? 0 : ends.back());
    if (!stack.empty()) stack += ';';
    stack += word_of(frames[i]);
    ends.push_back(stack.size());
    const std::int64_t nanoseconds =
        weight == StackWeight::self ? frames[i].self_ns : frames[i].critical_ns;
    if (nanoseconds <= 0) continue;
    lines.push_back(stack + " " + std::to_string(nanoseconds) + "\n");
    bytes += lines.back().size();
    if (bytes > limits.bytes_max) {
      return Error(Code::too_large,
                   "folded stacks of more bytes than " + std::to_string(limits.bytes_max));
    }
  }
  std::ranges::sort(lines);
  std::string text;
  for (const std::string& line : lines) text += line;
  return text;
}

}  // namespace bl::traces
