#include <set>

#include "traces/api/dialects.h"
#include "traces/otlp.h"
#include "traces/traceql.h"
#include "traces/views/tempo.h"

/// Tempo's API as Grafana asks it (spec/traces.md 6.3).
namespace bl::traces {
namespace {

using Name = IntrinsicField::Name;

constexpr std::int64_t k_second = 1'000'000'000;
constexpr std::int64_t k_window_ns = 7 * 86'400 * k_second;  ///< the most that Tempo searches
constexpr std::int64_t k_limit_default = 20, k_limit_max = 1'000;
constexpr std::int64_t k_spans_default = 3, k_spans_max = 100;
constexpr std::size_t k_value_traces_max = 500;  ///< looked at for values of matching spans
constexpr std::int64_t k_values_default = 1'000, k_values_max = 10'000;
constexpr const char* k_protobuf = "application/protobuf";
/// Grafana chooses by it what it asks: the version whose API this is.
constexpr const char* k_tempo_version = "2.6.0";

Response text_error(int status, const Error& error, std::string_view request_id) {
  Response response = net::problem(error, request_id);  // for its headers
  response.status = status;
  response.headers.set("Content-Type", "text/plain; charset=utf-8");
  response.body = error.message;
  for (const Fault& fault : error.faults) {
    response.body += "; " + fault.path + ": " + fault.message;
  }
  return response;
}

/// A trace that is too large is 422 there.
Response tempo_error(const Error& error, const Request& request) {
  const int status = error.code == Code::too_large ? 422 : dialect_status(error.code);
  return text_error(status, error, request.request_id);
}

bool wants_protobuf(const Request& request) {
  const std::string_view accept = request.headers.get("Accept");
  return accept.find(k_protobuf) != std::string_view::npos;
}

Result<TraceAnswer> asked_trace(const Call& call) {
  BL_TRY(const TraceId id, trace_id_of(call.request));
  TraceQuery query;
  query.id = id;
  BL_TRY(const auto start, epoch_parameter(call.request, "start", k_second));
  BL_TRY(const auto end, epoch_parameter(call.request, "end", k_second));
  if (start && end && *start <= *end) query.hint = Window{*start, *end + k_second};
  return whole_trace(call.store, query);
}

Result<Response> show_trace_v1(const Call& call) {
  BL_TRY(const TraceAnswer trace, asked_trace(call));
  if (wants_protobuf(call.request)) {
    return Response::text(200, k_protobuf, encode_otlp_protobuf(trace.spans));
  }
  return json_response(200, encode_tempo_trace_v1(trace.spans));
}

Result<Response> show_trace_v2(const Call& call) {
  BL_TRY(const TraceAnswer trace, asked_trace(call));
  if (wants_protobuf(call.request)) {
    return Response::text(200, k_protobuf, encode_tempo_trace_v2_protobuf(trace));
  }
  return json_response(200, encode_tempo_trace_v2(trace));
}

/// `start` and `end` in seconds: both or neither; the end is part of the window.
Result<Window> window_of_seconds(const Call& call) {
  BL_TRY(const auto start, epoch_parameter(call.request, "start", k_second));
  BL_TRY(const auto end, epoch_parameter(call.request, "end", k_second));
  if (start.has_value() != end.has_value()) {
    return Error{Code::invalid, "start and end are both needed, or neither"};
  }
  if (!start) {
    const std::int64_t now = call.ports.clock.now().micros * 1'000 + k_second;
    return Window{now - k_window_ns, now};
  }
  if (*start > *end) return Error{Code::invalid, "end must not be before start"};
  return Window{*start, *end + k_second};
}

Result<SearchQuery> search_of(const Call& call, std::vector<SpanField>& selected) {
  const Request& request = call.request;
  SearchQuery query;
  BL_TRY(query.window, window_of_seconds(call));
  std::vector<SpanFilter> parts;
  const std::string_view traceql = parameter(request, "q");
  if (!traceql.empty()) {
    BL_TRY(TraceqlQuery asked, parse_traceql(traceql));
    parts.push_back(std::move(asked.filter));
    selected = std::move(asked.selected);
  } else if (const std::string_view tags = parameter(request, "tags"); !tags.empty()) {
    BL_TRY(SpanFilter filter, parse_tempo_tags(tags));
    parts.push_back(std::move(filter));
  }
  BL_TRY(const auto least, duration_parameter(request, {"minDuration"}));
  if (least) parts.push_back(compares(Name::trace_duration, Comparison::at_least, *least));
  BL_TRY(const auto most, duration_parameter(request, {"maxDuration"}));
  if (most) parts.push_back(compares(Name::trace_duration, Comparison::at_most, *most));
  query.filter = all_of(std::move(parts));
  BL_TRY(const auto limit, integer_parameter(request, "limit", 1, k_limit_max));
  query.limit = static_cast<std::size_t>(limit.value_or(k_limit_default));
  BL_TRY(const auto spans, integer_parameter(request, "spss", 0, k_spans_max));
  query.spans_of_trace = static_cast<std::size_t>(spans.value_or(k_spans_default));
  return query;
}

Result<Response> search(const Call& call) {
  std::vector<SpanField> selected;
  BL_TRY(const SearchQuery query, search_of(call, selected));
  BL_TRY(const SearchAnswer answer, call.store.search(query));
  return json_response(200, encode_tempo_search(answer, selected));
}

/// What `scope=` asks for.
Result<TempoScope> scope_of(const Request& request) {
  const std::string_view text = parameter(request, "scope");
  if (text.empty()) return TempoScope{};
  const auto scope = tempo_scope_named(text);
  if (!scope) return Error{Code::invalid, "scope: there is none: '" + std::string(text) + "'"};
  return *scope;
}

Result<std::vector<AttributeKey>> keys_of(const Call& call, const TempoScope& scope) {
  if (!scope.has_attributes) return std::vector<AttributeKey>();
  return call.store.attribute_keys(scope.place);
}

Result<Response> list_tags_v1(const Call& call) {
  BL_TRY(const TempoScope scope, scope_of(call.request));
  BL_TRY(const auto keys, keys_of(call, scope));
  return json_response(200, encode_tempo_tag_names(keys, scope));
}

Result<Response> list_tags_v2(const Call& call) {
  BL_TRY(const TempoScope scope, scope_of(call.request));
  BL_TRY(const auto keys, keys_of(call, scope));
  return json_response(200, encode_tempo_scoped_tags(keys, scope));
}

std::vector<AnyValue> as_values(const std::vector<std::string>& texts) {
  std::vector<AnyValue> values;
  values.reserve(texts.size());
  for (const std::string& text : texts) values.emplace_back(AnyValue::Value(text));
  return values;
}

Result<std::vector<AnyValue>> span_names(TraceStore& store) {
  BL_TRY(const auto services, store.services());
  std::set<std::string> names;
  for (const std::string& service : services) {
    BL_TRY(const auto operations, store.operations(service, std::nullopt));
    for (const Operation& operation : operations) names.insert(operation.name);
  }
  return as_values({names.begin(), names.end()});
}

/// With `q=`: what matching spans of the newest traces have. nullopt: it asks for nothing, or is
/// none (Tempo's own rule), and all values are wanted.
Result<std::optional<std::vector<AnyValue>>> values_of_matches(const Call& call,
                                                               const SpanField& field) {
  using Values = std::optional<std::vector<AnyValue>>;
  auto asked = parse_traceql(parameter(call.request, "q"));
  if (!asked.ok() || asked->filter.kind == SpanFilter::Kind::everything) return Values();
  SearchQuery query;
  BL_TRY(query.window, window_of_seconds(call));
  query.limit = k_value_traces_max;
  query.spans_of_trace = k_spans_max;
  std::vector<SpanFilter> parts;
  parts.push_back(std::move(asked->filter));
  if (std::holds_alternative<AttributeField>(field)) {
    parts.push_back(SpanFilter::where({field, Comparison::exists, {}}));
  }
  query.filter = all_of(std::move(parts));
  BL_TRY(const SearchAnswer answer, call.store.search(query));
  return Values(tempo_values_in(answer.traces, field));
}

/// Of lists that are kept, where there is one; of fields that differ from span to span none.
Result<std::vector<AnyValue>> values_of(const Call& call, const SpanField& field) {
  if (auto keywords = tempo_keywords(field)) return std::move(*keywords);
  if (const auto* intrinsic = std::get_if<IntrinsicField>(&field)) {
    if (intrinsic->name == Name::service || intrinsic->name == Name::root_service) {
      BL_TRY(const auto services, call.store.services());
      return as_values(services);
    }
    if (intrinsic->name == Name::name || intrinsic->name == Name::root_name) {
      return span_names(call.store);
    }
    return std::vector<AnyValue>();
  }
  BL_TRY(const Window window, window_of_seconds(call));
  BL_TRY(const auto limit, integer_parameter(call.request, "limit", 1, k_values_max));
  return call.store.attribute_values(std::get<AttributeField>(field), window,
                                     static_cast<std::size_t>(limit.value_or(k_values_default)));
}

/// Tags without a scope, as the older API names them.
SpanField tag_field(const std::string& tag) {
  if (tag == "service.name") return IntrinsicField{Name::service};
  if (tag == "root.service.name") return IntrinsicField{Name::root_service};
  if (tag == "name") return IntrinsicField{Name::name};
  if (tag == "root.name") return IntrinsicField{Name::root_name};
  if (tag == "status") return IntrinsicField{Name::status};
  return AttributeField{AttributePlace::any, tag};
}

Result<Response> list_tag_values_v1(const Call& call) {
  BL_TRY(const auto values, values_of(call, tag_field(call.request.capture("tag"))));
  return json_response(200, encode_tempo_tag_values(values));
}

Result<Response> list_tag_values_v2(const Call& call) {
  const std::string& tag = call.request.capture("tag");
  SpanField field = AttributeField{AttributePlace::any, tag};
  if (auto parsed = parse_traceql_field(tag); parsed.ok()) field = std::move(parsed).value();
  const auto* attribute = std::get_if<AttributeField>(&field);
  const bool is_service = attribute != nullptr && attribute->key == "service.name" &&
                          attribute->place == AttributePlace::resource;
  const SpanField source = is_service ? SpanField(IntrinsicField{Name::service}) : field;
  BL_TRY(auto values, values_of_matches(call, source));
  if (!values) {
    BL_TRY(values, values_of(call, source));
  }
  return json_response(200, encode_tempo_typed_values(field, *values));
}

Result<Response> refuse_metrics(const Call&) {
  return Error{Code::unsupported, "not supported: TraceQL metrics; ask GET /api/v1/traces/metrics"};
}

Response echo(Request&) {
  return Response::text(200, "text/plain; charset=utf-8", "echo");
}
Response ready(Request&) {
  return Response::text(200, "text/plain; charset=utf-8", "ready\n");
}

std::string buildinfo_text(const std::string& version) {
  std::string body;
  json::Writer writer(body);
  writer.begin_object()
      .member("version", k_tempo_version)
      .member("revision", "benchlake " + version)
      .member("branch", "")
      .member("buildDate", "")
      .member("buildUser", "")
      .member("goVersion", "")
      .end_object();
  return body;
}

void add_facts(net::Router& router, const RoutePorts& ports) {
  const auto add = [&](const char* pattern, net::Handler handler) {
    router.add({.method = Method::get,
                .pattern = pattern,
                .access = Access::read,
                .handler = std::move(handler)});
  };
  add("/tempo/api/echo", echo);
  add("/tempo/ready", ready);
  add("/tempo/api/status/buildinfo",
      [text = buildinfo_text(ports.version)](Request&) { return json_response(200, text); });
}

}  // namespace

void add_tempo_routes(net::Router& router, const RoutePorts& ports) {
  add_facts(router, ports);
  RouteSet routes(router, ports, tempo_error);
  routes.read("/tempo/api/traces/{id}", show_trace_v1);
  routes.read("/tempo/api/v2/traces/{id}", show_trace_v2);
  routes.read("/tempo/api/search", search);
  routes.read("/tempo/api/search/tags", list_tags_v1);
  routes.read("/tempo/api/v2/search/tags", list_tags_v2);
  routes.read("/tempo/api/search/tag/{tag}/values", list_tag_values_v1);
  routes.read("/tempo/api/v2/search/tag/{tag}/values", list_tag_values_v2);
  routes.read("/tempo/api/metrics/query_range", refuse_metrics);
  routes.read("/tempo/api/metrics/query", refuse_metrics);
  add_tempo_diff_route(routes);
  router.add_error_shape(
      {.applies = [](std::string_view path) { return path.starts_with("/tempo/"); },
       .render = [](int status, const Error& error, std::string_view request_id,
                    std::string_view) { return text_error(status, error, request_id); }});
}

}  // namespace bl::traces
