#include "traces/api/dialects.h"

#include <fmt/format.h>

#include "base/numbers.h"
#include "traces/go_duration.h"

namespace bl::traces {
namespace {

constexpr std::int64_t k_most = std::numeric_limits<std::int64_t>::max();

Error bad_parameter(std::string_view name, std::string_view what, std::string_view value) {
  return {Code::invalid, fmt::format("{}: {}: '{}'", name, what, value)};
}

}  // namespace

std::string_view parameter(const Request& request, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    const std::string* value = request.query_value(name);
    if (value != nullptr && !value->empty()) return *value;
  }
  return {};
}

Result<std::optional<std::int64_t>> integer_parameter(const Request& request, std::string_view name,
                                                      std::int64_t least, std::int64_t most) {
  const std::string_view text = parameter(request, name);
  if (text.empty()) return std::optional<std::int64_t>();
  const auto number = parse_int64(text);
  if (number && *number >= least && *number <= most) return number;
  return bad_parameter(name, fmt::format("not an integer from {} to {}", least, most), text);
}

Result<std::optional<std::int64_t>> duration_parameter(
    const Request& request, std::initializer_list<std::string_view> names) {
  const std::string_view text = parameter(request, names);
  if (text.empty()) return std::optional<std::int64_t>();
  const auto length = parse_go_duration(text);
  if (length.ok() && *length >= 0) return std::optional(*length);
  return bad_parameter(*names.begin(), "no duration such as 1.2ms", text);
}

Result<std::optional<std::int64_t>> epoch_parameter(const Request& request, std::string_view name,
                                                    std::int64_t unit_ns) {
  BL_TRY(const auto number, integer_parameter(request, name, -k_most / unit_ns, k_most / unit_ns));
  if (!number) return std::optional<std::int64_t>();
  return std::optional(*number * unit_ns);
}

SpanFilter equals(IntrinsicField::Name name, std::string_view text) {
  return SpanFilter::where(
      {IntrinsicField{name}, Comparison::equal, AnyValue(AnyValue::Value(std::string(text)))});
}

SpanFilter compares(IntrinsicField::Name name, Comparison comparison, std::int64_t number) {
  return SpanFilter::where({IntrinsicField{name}, comparison, AnyValue(AnyValue::Value(number))});
}

SpanFilter all_of(std::vector<SpanFilter> parts) {
  if (parts.empty()) return SpanFilter::everything();
  if (parts.size() == 1) return std::move(parts.front());
  return SpanFilter::all_of(std::move(parts));
}

Result<std::optional<TraceAnswer>> trace_or_none(TraceStore& store, TraceQuery query) {
  auto whole = whole_trace(store, std::move(query));
  if (whole.ok()) return std::optional(std::move(whole).value());
  if (whole.error().code == Code::not_found) return std::optional<TraceAnswer>();
  return std::move(whole).error();
}

Result<std::vector<Spans>> spans_of(TraceStore& store, const SearchAnswer& found) {
  std::vector<Spans> traces;
  std::size_t spans = 0;
  for (const TraceHit& hit : found.traces) {
    TraceQuery query;
    query.id = hit.summary.id;
    query.hint = Window{hit.summary.start_ns, hit.summary.end_ns};
    BL_TRY(auto trace, trace_or_none(store, query));
    if (!trace) continue;  // it has expired in between
    spans += trace->spans.size();
    if (spans > k_whole_spans_max) {
      return Error{Code::too_large,
                   fmt::format("the traces have more than {} spans, ask for fewer with limit: {}",
                               k_whole_spans_max, found.traces.size())};
    }
    traces.push_back(std::move(trace->spans));
  }
  return traces;
}

int dialect_status(Code code) {
  return code == Code::invalid ? 400 : net::http_status(code);
}

Response json_response(int status, std::string body) {
  Response response = Response::json(status, std::move(body));
  response.headers.set("Cache-Control", "no-store");
  return response;
}

}  // namespace bl::traces
