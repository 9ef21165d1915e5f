// Any bytes as a file of another tool: the first byte says which, the rest is the file.
#include <cstdlib>
#include <set>

#include "traces/imports.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bl::traces;
  if (size == 0) return 0;
  constexpr std::int64_t k_now = 1'750'000'000'000'000'000;
  const auto format = static_cast<TraceFormat>(data[0] % 5);
  const std::string_view content(reinterpret_cast<const char*>(data) + 1, size - 1);
  (void)trace_format_of(content);
  const ImportOptions options{.now_ns = k_now, .written_ns = k_now};
  const ImportLimits limits{.bytes_max = 1u << 20, .spans_max = 1'000};
  const auto imported = import_trace(format, content, options, limits);
  if (!imported.ok()) return 0;
  require(imported->spans.size() <= limits.spans_max);
  std::set<std::pair<bl::TraceId, bl::SpanId>> ids;
  for (const Span& span : imported->spans) {
    require(!fault_of(span, k_now));
    const bool is_first = ids.emplace(span.trace_id, span.span_id).second;
    require(is_first || format == TraceFormat::otlp);
  }
  const auto again = import_trace(format, content, options, limits);
  require(again.ok() && again->spans == imported->spans);
  return 0;
}
