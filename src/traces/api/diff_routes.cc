#include "traces/api/dialects.h"
#include "traces/api/times.h"
#include "traces/trace_diff.h"

/// How one trace differs from another: our own route, and Tempo's.
namespace bl::traces {
namespace {

struct DiffAsked {
  TraceQuery base, compare;
  TraceDiffFormat format = TraceDiffFormat::patch;
};

/// The first of the names that is there.
const json::Value* member(const json::Value& object, std::string_view name,
                          std::string_view other) {
  const json::Value* value = object.find(name);
  return value != nullptr ? value : object.find(other);
}

/// Of ours RFC 3339 or nanoseconds, of Tempo's seconds.
Result<std::int64_t> instant_at(const json::Value& value, std::int64_t unit_ns) {
  if (value.is_string()) {
    BL_TRY(const std::int64_t at, parse_instant(value.as_string()));
    return at;
  }
  const auto number = value.is_number() ? value.as_int64() : std::nullopt;
  constexpr std::int64_t k_most = std::numeric_limits<std::int64_t>::max();
  if (!number || *number > k_most / unit_ns || *number < -k_most / unit_ns) {
    return Error{Code::invalid, "not an instant: " + json::to_text(value)};
  }
  return *number * unit_ns;
}

Result<TraceQuery> side_of(const json::Value& body, const char* name, std::int64_t unit_ns) {
  const json::Value* side = body.find(name);
  const json::Value* id = side == nullptr ? nullptr : member(*side, "trace_id", "traceId");
  const auto trace =
      id != nullptr && id->is_string() ? TraceId::from_text(id->as_string()) : std::nullopt;
  if (!trace) {
    return Error{Code::invalid, std::string("the body has no trace id at /") + name + "/" +
                                    (unit_ns == 1 ? "trace_id" : "traceId")};
  }
  TraceQuery asked;
  asked.id = *trace;
  const json::Value* start = side->find("start");
  const json::Value* end = side->find("end");
  if (start == nullptr || end == nullptr || start->is_null() || end->is_null()) return asked;
  Window hint;
  BL_TRY(hint.start_ns, instant_at(*start, unit_ns));
  BL_TRY(hint.end_ns, instant_at(*end, unit_ns));
  if (hint.start_ns < hint.end_ns) asked.hint = hint;
  return asked;
}

Result<DiffAsked> decode(const std::string& text, std::int64_t unit_ns) {
  BL_TRY(const json::Value body, json::parse(text));
  DiffAsked asked;
  BL_TRY(asked.base, side_of(body, "base", unit_ns));
  BL_TRY(asked.compare, side_of(body, "compare", unit_ns));
  const json::Value* format = body.find("format");
  if (format == nullptr || format->is_null()) return asked;
  const auto named = format->is_string() ? trace_diff_format_named(format->as_string())
                                         : std::optional<TraceDiffFormat>();
  if (!named) return Error{Code::invalid, "there is no such format: " + json::to_text(*format)};
  asked.format = *named;
  return asked;
}

Result<Response> diff(const Call& call, std::int64_t unit_ns) {
  BL_TRY(const DiffAsked asked, decode(call.request.body, unit_ns));
  BL_TRY(const TraceAnswer base, whole_trace(call.store, asked.base));
  BL_TRY(const TraceAnswer compare, whole_trace(call.store, asked.compare));
  BL_TRY(std::string text,
         diff_traces({base.spans, asked.base.id, base.partial_reason},
                     {compare.spans, asked.compare.id, compare.partial_reason}, asked.format));
  return answer_json(std::move(text));
}

Result<Response> diff_own(const Call& call) {
  BL_RETURN_IF_ERROR(net::QueryFields(call.request).finish());
  return diff(call, 1);
}
Result<Response> diff_tempo(const Call& call) {
  return diff(call, 1'000'000'000);
}

}  // namespace

void add_diff_route(RouteSet& own) {
  own.ask("/api/v1/traces/diff", diff_own);
}
void add_tempo_diff_route(RouteSet& tempo) {
  tempo.ask("/tempo/api/v2/traces/diff", diff_tempo);
}

}  // namespace bl::traces
