#include "traces/api/dialects.h"
#include "traces/go_duration.h"
#include "traces/otlp.h"
#include "traces/traceql.h"
#include "traces/views/jaeger.h"

/// Jaeger's legacy JSON (spec/traces.md 6.1): its older pages, Grafana's data source, and one trace
/// of its newest page.
namespace bl::traces {
namespace {

using Name = IntrinsicField::Name;

constexpr std::int64_t k_micro = 1'000, k_milli = 1'000'000;
constexpr std::int64_t k_two_days_ns = 2 * 86'400'000'000'000;
constexpr std::int64_t k_limit_default = 100, k_limit_max = 1'500;
constexpr std::size_t k_ids_max = 100;

Response legacy_error(const Error& error, const Request& request) {
  Response response = net::problem(error, request.request_id);  // for its headers
  response.status = dialect_status(error.code);
  response.headers.set("Content-Type", "application/json");
  response.body = encode_jaeger_error(response.status, error.message);
  return response;
}

Result<Response> list_services(const Call& call) {
  BL_TRY(const auto services, call.store.services());
  return json_response(200, encode_jaeger_services(services));
}

Result<Response> list_operation_names(const Call& call) {
  BL_TRY(const auto operations,
         call.store.operations(call.request.capture("service"), std::nullopt));
  return json_response(200, encode_jaeger_operation_names(operations));
}

Result<Response> list_operations(const Call& call) {
  const std::string_view service = parameter(call.request, "service");
  if (service.empty()) return Error{Code::invalid, "parameter 'service' is required"};
  std::optional<SpanKind> kind;
  if (const std::string_view text = parameter(call.request, "spanKind"); !text.empty()) {
    kind = span_kind_named(text);
    if (!kind) return Error{Code::invalid, "spanKind: none of a span: '" + std::string(text) + "'"};
  }
  BL_TRY(const auto operations, call.store.operations(service, kind));
  return json_response(200, encode_jaeger_operations(operations));
}

/// `tag=k:v`, which may come again, and `tags={"k":"v"}`.
Result<void> add_tags(const Request& request, std::vector<SpanFilter>& parts) {
  for (const auto& [name, value] : request.query) {
    if (value.empty()) continue;
    if (name == "tag") {
      BL_TRY(SpanFilter filter, parse_jaeger_tag(value));
      parts.push_back(std::move(filter));
    } else if (name == "tags") {
      BL_TRY(SpanFilter filter, parse_jaeger_tags(value));
      parts.push_back(std::move(filter));
    }
  }
  return {};
}

Result<SearchQuery> search_of(const Call& call) {
  const Request& request = call.request;
  SearchQuery query;
  const std::string_view service = parameter(request, "service");
  if (service.empty()) return Error{Code::invalid, "parameter 'service' is required"};
  std::vector<SpanFilter> parts = {equals(Name::service, service)};
  const std::string_view operation = parameter(request, "operation");
  if (!operation.empty() && operation != "all") parts.push_back(equals(Name::name, operation));
  BL_TRY(const auto least, duration_parameter(request, {"minDuration"}));
  if (least) parts.push_back(compares(Name::duration, Comparison::at_least, *least));
  BL_TRY(const auto most, duration_parameter(request, {"maxDuration"}));
  if (most) parts.push_back(compares(Name::duration, Comparison::at_most, *most));
  BL_RETURN_IF_ERROR(add_tags(request, parts));
  query.filter = all_of(std::move(parts));
  BL_TRY(const auto start, epoch_parameter(request, "start", k_micro));
  BL_TRY(const auto end, epoch_parameter(request, "end", k_micro));
  const std::int64_t now = call.ports.clock.now().micros * k_micro;
  // Their end is part of the window.
  query.window.end_ns = end ? *end + k_micro : now + k_milli;
  query.window.start_ns = start.value_or(query.window.end_ns - k_two_days_ns);
  if (query.window.start_ns >= query.window.end_ns) {
    return Error{Code::invalid, "'end' must be behind 'start'"};
  }
  BL_TRY(const auto limit, integer_parameter(request, "limit", 1, k_limit_max));
  query.limit = static_cast<std::size_t>(limit.value_or(k_limit_default));
  query.spans_of_trace = 0;
  return query;
}

Result<Response> traces_by_id(const Call& call, const std::vector<std::string_view>& ids) {
  if (ids.size() > k_ids_max) {
    return Error{Code::invalid, "more than 100 times traceID: " + std::to_string(ids.size())};
  }
  std::vector<Spans> traces;
  for (const std::string_view text : ids) {
    const auto id = TraceId::from_text(text);
    if (!id) return Error{Code::invalid, "traceID: none: '" + std::string(text) + "'"};
    TraceQuery query;
    query.id = *id;
    BL_TRY(auto trace, trace_or_none(call.store, query));
    if (trace) traces.push_back(std::move(trace->spans));
  }
  return json_response(200, encode_jaeger_traces(traces));
}

Result<Response> search(const Call& call) {
  std::vector<std::string_view> ids;
  for (const auto& [name, value] : call.request.query) {
    if (name == "traceID" && !value.empty()) ids.push_back(value);
  }
  if (!ids.empty()) return traces_by_id(call, ids);
  BL_TRY(const SearchQuery query, search_of(call));
  BL_TRY(const SearchAnswer found, call.store.search(query));
  BL_TRY(const std::vector<Spans> traces, spans_of(call.store, found));
  return json_response(200, encode_jaeger_traces(traces));
}

Result<Response> show_trace(const Call& call) {
  BL_TRY(const TraceId id, trace_id_of(call.request));
  TraceQuery query;
  query.id = id;
  BL_TRY(const auto start, epoch_parameter(call.request, "start", k_micro));
  BL_TRY(const auto end, epoch_parameter(call.request, "end", k_micro));
  if (start && end && *start <= *end) query.hint = Window{*start, *end + k_micro};
  BL_TRY(const auto trace, trace_or_none(call.store, query));
  if (!trace) {
    return json_response(404, encode_jaeger_error(404, "trace not found", id));
  }
  return json_response(200, encode_jaeger_traces({trace->spans}));
}

Result<Response> list_dependencies(const Call& call) {
  BL_TRY(const auto end, epoch_parameter(call.request, "endTs", k_milli));
  BL_TRY(const auto lookback, epoch_parameter(call.request, "lookback", k_milli));
  Window window;
  window.end_ns = end.value_or(call.ports.clock.now().micros * k_micro);
  window.start_ns = window.end_ns - lookback.value_or(k_two_days_ns / 2);
  if (window.start_ns >= window.end_ns) {
    return Error{Code::invalid, "lookback: must be more than 0"};
  }
  BL_TRY(const auto dependencies, call.store.dependencies(window));
  return json_response(200, encode_jaeger_dependencies(dependencies));
}

/// OTLP/JSON in, as its pages show it out; nothing is kept.
Result<Response> transform(const Call& call) {
  const std::int64_t now = call.ports.clock.now().micros * k_micro;
  BL_TRY(DecodedSpans decoded, decode_otlp_json(call.request.body, now));
  std::map<TraceId, Spans> by_trace;
  for (Span& span : decoded.spans) {
    make_canonical(span);
    by_trace[span.trace_id].push_back(std::move(span));
  }
  std::vector<Spans> traces;
  for (auto& [id, spans] : by_trace) {
    std::ranges::sort(spans, is_before);
    traces.push_back(std::move(spans));
  }
  return json_response(200, encode_jaeger_traces(traces));
}

Result<Response> refuse_metrics(const Call&) {
  return Error{Code::unsupported,
               "not supported: Jaeger's metrics; ask GET /api/v1/traces/metrics"};
}
Result<Response> refuse_archive(const Call&) {
  return Error{Code::unsupported, "not supported: Jaeger's archive of traces"};
}

}  // namespace

void add_jaeger_routes(net::Router& router, const RoutePorts& ports) {
  RouteSet routes(router, ports, legacy_error);
  routes.read("/jaeger/api/services", list_services);
  routes.read("/jaeger/api/services/{service}/operations", list_operation_names);
  routes.read("/jaeger/api/operations", list_operations);
  routes.read("/jaeger/api/traces", search);
  routes.read("/jaeger/api/traces/{id}", show_trace);
  routes.read("/jaeger/api/dependencies", list_dependencies);
  routes.read("/jaeger/api/metrics/{metric}", refuse_metrics);
  routes.ask("/jaeger/api/transform", transform);
  routes.ask("/jaeger/api/archive/{id}", refuse_archive);
  router.add_error_shape(
      {.applies =
           [](std::string_view path) {
             return path.starts_with("/jaeger/api/") && !path.starts_with("/jaeger/api/v3/");
           },
       .render =
           [](int status, const Error& error, std::string_view request_id, std::string_view) {
             Request request;
             request.request_id = request_id;
             Response response = legacy_error(error, request);
             if (error.code != Code::invalid) response.status = status;
             response.body = encode_jaeger_error(response.status, error.message);
             return response;
           }});
}

}  // namespace bl::traces
