#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "traces/trace_store.h"

namespace bl::traces {

/// All of a filter as one text: two filters have the same text only when they are the same.
std::string text_of(const SpanFilter& filter);

/// Where a page of a search ended: traces behind it come on the next.
struct PageEnd {
  std::int64_t start_ns = 0;  ///< the greatest start of a matching span of the last trace
  TraceId id;
  bool operator==(const PageEnd&) const = default;
};
/// Newest first, then by id.
inline bool stands_before(const PageEnd& a, const PageEnd& b) {
  return a.start_ns != b.start_ns ? a.start_ns > b.start_ns : a.id < b.id;
}
/// Bound to window and filter; opaque to clients.
std::string page_token(const PageEnd& end, const SearchQuery& query);
/// nullopt for the first page. Errors: invalid (no token, or of another query).
Result<std::optional<PageEnd>> page_end(const SearchQuery& query);

/// Is a value given to pickers: texts, truth and numbers; arrays give their elements.
void add_scalars(const AnyValue& value, std::vector<AnyValue>& out);
/// The order of answers: truth, whole numbers, doubles, texts, each by value.
bool scalar_before(const AnyValue& a, const AnyValue& b);

/// The error of a search that cannot be, or none.
Result<void> check(const SearchQuery& query);
Result<void> check(const MetricQuery& query);

/// The multiple of `step_ns` at or before an instant.
std::int64_t bucket_of(std::int64_t at_ns, std::int64_t step_ns);
/// Nearest rank: of n sorted values the ceil(n * percent / 100)-th.
double percentile(const std::vector<std::int64_t>& sorted, int percent);

}  // namespace bl::traces
