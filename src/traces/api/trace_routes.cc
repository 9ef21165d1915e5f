#include <fmt/format.h>

#include "base/numbers.h"
#include "traces/api/answers.h"
#include "traces/api/encode.h"
#include "traces/api/times.h"
#include "traces/otlp.h"
#include "traces/span_tree.h"
#include "traces/views/chrome_trace.h"
#include "traces/views/folded_stacks.h"
#include "traces/views/jaeger.h"

/// One trace: its spans in pages, in the forms of other tools, and where its time went.
namespace bl::traces {
namespace {

constexpr std::int64_t k_page_default = 5'000;
constexpr std::int64_t k_page_max = 50'000;
constexpr const char* k_protobuf = "application/x-protobuf";

/// `START.SPAN.KIND`: opaque to who gets it.
std::string page_token(const Span& span) {
  return fmt::format("{}.{}.{}", span.start_ns, span.span_id.hex(), static_cast<int>(span.kind));
}
std::optional<TraceQuery::After> page_of(std::string_view token) {
  const std::size_t first = token.find('.');
  const std::size_t second = token.find('.', first + 1);
  if (first == std::string_view::npos || second == std::string_view::npos) return std::nullopt;
  const auto start = parse_int64(token.substr(0, first));
  const auto span = SpanId::from_hex(token.substr(first + 1, second - first - 1));
  const auto kind = parse_int64(token.substr(second + 1));
  if (!start || !span || !kind || *kind < std::numeric_limits<std::int32_t>::min() ||
      *kind > std::numeric_limits<std::int32_t>::max()) {
    return std::nullopt;
  }
  return TraceQuery::After{*start, *span, static_cast<SpanKind>(*kind)};
}

std::string spans_json(const TraceAnswer& answer) {
  std::string body;
  json::Writer writer(body);
  writer.begin_object();
  write_trace_facts(writer, answer);
  writer.member("repeated", answer.repeated).key("next_page");
  if (answer.has_more) {
    writer.value(page_token(answer.spans.back()));
  } else {
    writer.null();
  }
  write_spans(writer, answer.spans, answer.summary.start_ns);
  writer.end_object();
  return body;
}

/// As other tools have it; in the order of `format`.
enum class Form : std::size_t {
  json,
  otlp,
  otlp_protobuf,
  jaeger,
  chrome,
  folded,
  folded_critical
};

Result<Response> as_file(Form form, const TraceAnswer& answer) {
  const Spans& spans = answer.spans;
  if (form == Form::otlp) return answer_json(encode_otlp_json(spans));
  if (form == Form::otlp_protobuf) {
    return Response::text(200, k_protobuf, encode_otlp_protobuf(spans));
  }
  if (form == Form::jaeger) return answer_json(encode_jaeger_traces({spans}));
  const SpanTree tree = tree_of(spans);
  if (form == Form::chrome) return answer_json(encode_chrome_trace(spans, tree));
  const auto weight = form == Form::folded ? StackWeight::self : StackWeight::critical;
  BL_TRY(std::string stacks, folded_stacks(spans, tree, critical_path(spans, tree), weight));
  return Response::text(200, "text/plain; charset=utf-8", std::move(stacks));
}

Result<Response> show_trace(const Call& call) {
  net::QueryFields fields(call.request);
  BL_TRY(const TraceId id, trace_id_of(call.request));
  TraceQuery query = trace_query_of(fields, id);
  const auto limit = fields.integer("limit", 1, k_page_max);
  const auto page = fields.text("page");
  if (page) query.after = page_of(*page);
  if (page && !query.after) fields.fault("page", "not the `next_page` of a page", *page);
  const std::size_t format = fields
                                 .choice("format", {"json", "otlp", "otlp-protobuf", "jaeger",
                                                    "chrome", "folded", "folded-critical"})
                                 .value_or(0);
  BL_RETURN_IF_ERROR(fields.finish());
  if (format == 0) {
    query.spans_max = static_cast<std::size_t>(limit.value_or(k_page_default));
    BL_TRY(const TraceAnswer answer, found_trace(call.store, query));
    return answer_json(spans_json(answer));
  }
  if (limit || page) {
    return Error{Code::invalid,
                 "a format of other tools is of the whole trace: leave out ?limit "
                 "and ?page"};
  }
  BL_TRY(const TraceAnswer answer, whole_trace(call.store, query));
  return as_file(static_cast<Form>(format), answer);
}

void write_path(json::Writer& writer, const TraceAnswer& answer,
                const std::vector<PathPart>& path) {
  writer.key("parts").begin_array();
  for (const PathPart& part : path) {
    const Span& span = answer.spans[part.span];
    writer.begin_object()
        .member("span_id", span.span_id.hex())
        .member("service", service_of(*span.resource))
        .member("name", span.name)
        .member("offset_ns", part.start_ns - answer.summary.start_ns)
        .member("duration_ns", part.end_ns - part.start_ns)
        .end_object();
  }
  writer.end_array();
}

void write_operations(json::Writer& writer, const std::vector<OperationTime>& operations) {
  writer.key("operations").begin_array();
  for (const OperationTime& operation : operations) {
    writer.begin_object()
        .member("service", operation.service)
        .member("name", operation.name)
        .member("spans", operation.spans)
        .member("errors", operation.errors)
        .member("total_ns", operation.total_ns)
        .member("self_ns", operation.self_ns)
        .member("critical_ns", operation.critical_ns)
        .end_object();
  }
  writer.end_array();
}

Result<Response> show_critical_path(const Call& call) {
  net::QueryFields fields(call.request);
  BL_TRY(const TraceId id, trace_id_of(call.request));
  const TraceQuery query = trace_query_of(fields, id);
  BL_RETURN_IF_ERROR(fields.finish());
  BL_TRY(const TraceAnswer answer, whole_trace(call.store, query));
  const SpanTree tree = tree_of(answer.spans);
  const std::vector<PathPart> path = critical_path(answer.spans, tree);
  std::string body;
  json::Writer writer(body);
  writer.begin_object();
  write_trace_facts(writer, answer);
  write_path(writer, answer, path);
  write_operations(writer, operation_times(answer.spans, tree, path));
  write_warnings(writer, warnings_of(answer.spans, tree));
  writer.end_object();
  return answer_json(std::move(body));
}

/// Where two spans share an id, the first. Of the others only its children matter: for its own
/// time.
Result<Response> show_span(const Call& call) {
  net::QueryFields fields(call.request);
  BL_TRY(const TraceId id, trace_id_of(call.request));
  TraceQuery query = trace_query_of(fields, id);
  BL_RETURN_IF_ERROR(fields.finish());
  const std::string& text = call.request.capture("span_id");
  const auto span_id = SpanId::from_hex(text);
  if (!span_id) {
    return Error{Code::invalid, "the span in the path is no id of 16 hex digits: " + text};
  }
  query.family = span_id;
  BL_TRY(const TraceAnswer answer, whole_trace(call.store, query));
  const auto found = std::find_if(answer.spans.begin(), answer.spans.end(),
                                  [&](const Span& span) { return span.span_id == *span_id; });
  if (found == answer.spans.end()) {
    return Error{Code::not_found, "the trace has no such span: " + text};
  }
  const SpanTree tree = tree_of(answer.spans);
  const auto at = static_cast<std::size_t>(found - answer.spans.begin());
  std::string body;
  json::Writer writer(body);
  writer.begin_object().key("span");
  write_whole_span(writer, *found, answer.summary.start_ns, tree.nodes[at].self_ns);
  writer.end_object();
  return answer_json(std::move(body));
}

}  // namespace

TraceQuery trace_query_of(net::QueryFields& fields, TraceId id) {
  TraceQuery query;
  query.id = id;
  query.hint = hint_of(fields);
  query.allow_full =
      !fields.choice("full", {"true", "false"}) || fields.choice("full", {"true", "false"}) == 0;
  return query;
}

void write_trace_facts(json::Writer& writer, const TraceAnswer& answer) {
  writer.key("summary");
  encode(writer, answer.summary);
  write_partial(writer, answer.partial_reason);
  writer.key("cost");
  encode(writer, answer.cost);
}

void write_warnings(json::Writer& writer, const std::vector<TraceWarning>& warnings) {
  writer.key("warnings").begin_array();
  for (const TraceWarning& warning : warnings) {
    writer.begin_object()
        .member("code", warning.code)
        .member("message", warning.message)
        .member("count", warning.count)
        .end_object();
  }
  writer.end_array();
}

void add_trace_routes(RouteSet& routes) {
  routes.read("/api/v1/traces/{id}", show_trace);
  routes.read("/api/v1/traces/{id}/critical-path", show_critical_path);
  routes.read("/api/v1/traces/{id}/spans/{span_id}", show_span);
}

}  // namespace bl::traces
