#include <algorithm>
#include <map>
#include <tuple>

#include "traces/analysis/extent.h"
#include "traces/analysis/services.h"
#include "traces/span_tree.h"

namespace bl::traces {

std::vector<OperationTime> operation_times(const Spans& spans, const SpanTree& tree,
                                           const std::vector<PathPart>& path) {
  std::map<std::pair<std::string_view, std::string_view>, OperationTime> sums;
  const Services services(spans);
  const auto sum_of = [&](std::size_t at) -> OperationTime& {
    return sums[{services.of(at), spans[at].name}];
  };
  for (std::size_t at = 0; at < spans.size(); ++at) {
    OperationTime& sum = sum_of(at);
    ++sum.spans;
    if (spans[at].status == StatusCode::error) ++sum.errors;
    sum.total_ns += extent_of(spans[at]).length();
    sum.self_ns += tree.nodes[at].self_ns;
  }
  for (const PathPart& part : path) sum_of(part.span).critical_ns += part.end_ns - part.start_ns;

  std::vector<OperationTime> times;
  times.reserve(sums.size());
  for (auto& [key, sum] : sums) {
    sum.service = key.first;
    sum.name = key.second;
    times.push_back(std::move(sum));
  }
  std::ranges::stable_sort(times, std::greater(), [](const OperationTime& time) {
    return std::tuple(time.critical_ns, time.self_ns);
  });
  return times;
}

}  // namespace bl::traces
