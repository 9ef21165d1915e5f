#include "traces/api/dialects.h"
#include "traces/api/times.h"
#include "traces/traceql.h"
#include "traces/views/jaeger.h"

/// Jaeger's api_v3 over HTTP (spec/traces.md 6.2): services, operations and search of its newest
/// page.
namespace bl::traces {
namespace {

using Name = IntrinsicField::Name;

constexpr std::int64_t k_depth_default = 100, k_depth_max = 1'500;

Response v3_error(const Error& error, const Request& request) {
  Response response = net::problem(error, request.request_id);  // for its headers
  response.status = dialect_status(error.code);
  response.headers.set("Content-Type", "application/json");
  response.body = encode_jaeger_v3_error(response.status, error.message);
  return response;
}

Result<Response> list_services(const Call& call) {
  BL_TRY(const auto services, call.store.services());
  return json_response(200, encode_jaeger_v3_services(services));
}

Result<Response> list_operations(const Call& call) {
  const std::string_view service = parameter(call.request, "service");
  std::optional<SpanKind> kind;
  if (const auto text = parameter(call.request, {"spanKind", "span_kind"}); !text.empty()) {
    kind = span_kind_named(text);
    if (!kind) return Error{Code::invalid, "spanKind: none of a span: '" + std::string(text) + "'"};
  }
  BL_TRY(const auto operations, call.store.operations(service, kind));
  return json_response(200, encode_jaeger_v3_operations(operations));
}

/// RFC 3339 with nanoseconds; nullopt when it is absent.
Result<std::optional<std::int64_t>> time_parameter(const Request& request,
                                                   std::initializer_list<std::string_view> names) {
  const std::string_view text = parameter(request, names);
  if (text.empty()) return std::optional<std::int64_t>();
  auto at = parse_instant(text);
  if (!at.ok()) return std::move(at).error().with_context(std::string(*names.begin()));
  return std::optional(*at);
}

Result<Response> show_trace(const Call& call) {
  const std::string& text = call.request.capture("trace_id");
  const auto id = parse_jaeger_v3_trace_id(text);
  if (!id) return Error{Code::invalid, "malformed parameter trace_id: '" + text + "'"};
  TraceQuery query;
  query.id = *id;
  BL_TRY(const auto start, time_parameter(call.request, {"startTime", "start_time"}));
  BL_TRY(const auto end, time_parameter(call.request, {"endTime", "end_time"}));
  if (start && end && *start < *end) query.hint = Window{*start, *end};
  BL_TRY(const TraceAnswer trace, whole_trace(call.store, query));
  return json_response(200, encode_jaeger_v3_spans(trace.spans));
}

Result<void> add_conditions(const Request& request, std::vector<SpanFilter>& parts) {
  const auto service = parameter(request, {"query.serviceName", "query.service_name"});
  if (!service.empty()) parts.push_back(equals(Name::service, service));
  const auto operation = parameter(request, {"query.operationName", "query.operation_name"});
  if (!operation.empty()) parts.push_back(equals(Name::name, operation));
  BL_TRY(const auto least,
         duration_parameter(request, {"query.durationMin", "query.duration_min"}));
  if (least) parts.push_back(compares(Name::duration, Comparison::at_least, *least));
  BL_TRY(const auto most, duration_parameter(request, {"query.durationMax", "query.duration_max"}));
  if (most) parts.push_back(compares(Name::duration, Comparison::at_most, *most));
  const auto attributes = parameter(request, "query.attributes");
  if (!attributes.empty()) {
    BL_TRY(SpanFilter filter, parse_jaeger_tags(attributes));
    parts.push_back(std::move(filter));
  }
  return {};
}

Result<SearchQuery> search_of(const Request& request) {
  if (!parameter(request, "query.filter").empty()) {
    return Error{Code::unsupported, "not supported: query.filter; query.attributes is"};
  }
  SearchQuery query;
  std::vector<SpanFilter> parts;
  BL_RETURN_IF_ERROR(add_conditions(request, parts));
  query.filter = all_of(std::move(parts));
  BL_TRY(const auto start, time_parameter(request, {"query.startTimeMin", "query.start_time_min"}));
  BL_TRY(const auto end, time_parameter(request, {"query.startTimeMax", "query.start_time_max"}));
  if (!start || !end || *start >= *end) {
    return Error{Code::invalid,
                 "query.startTimeMin and query.startTimeMax are required, the former before the "
                 "latter"};
  }
  query.window = {*start, *end};
  for (const std::string_view name :
       {"query.searchDepth", "query.search_depth", "query.num_traces"}) {
    BL_TRY(const auto depth, integer_parameter(request, name, 1, k_depth_max));
    query.limit = static_cast<std::size_t>(depth.value_or(k_depth_default));
    if (depth) break;
  }
  query.spans_of_trace = 0;
  return query;
}

Result<Response> search(const Call& call) {
  BL_TRY(const SearchQuery query, search_of(call.request));
  BL_TRY(const SearchAnswer found, call.store.search(query));
  if (found.traces.empty()) return Error{Code::not_found, "No traces found"};
  BL_TRY(const std::vector<Spans> traces, spans_of(call.store, found));
  Spans all;
  for (const Spans& spans : traces) all.insert(all.end(), spans.begin(), spans.end());
  return json_response(200, encode_jaeger_v3_spans(all));
}

Result<Response> list_summaries(const Call& call) {
  BL_TRY(const SearchQuery query, search_of(call.request));
  BL_TRY(SearchAnswer found, call.store.search(query));
  std::vector<TraceSummary> summaries;
  summaries.reserve(found.traces.size());
  for (TraceHit& hit : found.traces) summaries.push_back(std::move(hit.summary));
  return json_response(200, encode_jaeger_v3_summaries(summaries));
}

}  // namespace

void add_jaeger_v3_routes(net::Router& router, const RoutePorts& ports) {
  RouteSet routes(router, ports, v3_error);
  routes.read("/jaeger/api/v3/services", list_services);
  routes.read("/jaeger/api/v3/operations", list_operations);
  routes.read("/jaeger/api/v3/traces", search);
  routes.read("/jaeger/api/v3/traces/{trace_id}", show_trace);
  routes.read("/jaeger/api/v3/trace-summaries", list_summaries);
  router.add_error_shape(
      {.applies = [](std::string_view path) { return path.starts_with("/jaeger/api/v3/"); },
       .render =
           [](int status, const Error& error, std::string_view request_id, std::string_view) {
             Request request;
             request.request_id = request_id;
             Response response = v3_error(error, request);
             if (error.code != Code::invalid) response.status = status;
             response.body = encode_jaeger_v3_error(response.status, error.message);
             return response;
           }});
}

}  // namespace bl::traces
