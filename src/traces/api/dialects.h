#pragma once

#include <string>
#include <vector>

#include "traces/api/answers.h"

/// What the dialects of Jaeger and Tempo share: parameters that we do not know are passed over,
/// since their clients send more than their servers read. Private to this domain.
namespace bl::traces {

/// Empty when it is absent. The first of several names that is there.
std::string_view parameter(const Request& request, std::initializer_list<std::string_view> names);
inline std::string_view parameter(const Request& request, std::string_view name) {
  return parameter(request, {name});
}
/// Errors: invalid, with the name.
Result<std::optional<std::int64_t>> integer_parameter(const Request& request, std::string_view name,
                                                      std::int64_t least, std::int64_t most);
/// A Go duration.
Result<std::optional<std::int64_t>> duration_parameter(
    const Request& request, std::initializer_list<std::string_view> names);
/// A number of seconds, milliseconds or microseconds as nanoseconds. Errors: invalid, also when
/// nanoseconds in 64 bits cannot say it.
Result<std::optional<std::int64_t>> epoch_parameter(const Request& request, std::string_view name,
                                                    std::int64_t unit_ns);

/// One condition, and all of them.
SpanFilter equals(IntrinsicField::Name name, std::string_view text);
SpanFilter compares(IntrinsicField::Name name, Comparison comparison, std::int64_t number);
SpanFilter all_of(std::vector<SpanFilter> parts);

/// Every span of the traces that were found, trace by trace. Errors: too_large (more than
/// k_whole_spans_max together).
Result<std::vector<Spans>> spans_of(TraceStore& store, const SearchAnswer& found);
/// A trace with all its spans; nullopt: there is none.
Result<std::optional<TraceAnswer>> trace_or_none(TraceStore& store, TraceQuery query);

/// The status of an error where it is the client's to mend: 422 is 400 there.
int dialect_status(Code code);
Response json_response(int status, std::string body);

}  // namespace bl::traces
