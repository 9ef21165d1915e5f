#include "traces/api/answers.h"
#include "traces/api/encode.h"
#include "traces/views/flame_graph.h"
#include "traces/views/waterfall.h"

/// What the page draws: rows of the waterfall, frames of the flame graph.
namespace bl::traces {
namespace {

constexpr std::int64_t k_rows_default = 5'000, k_rows_max = 20'000;
constexpr std::int64_t k_first_max = 1'000'000'000;

void write_row(json::Writer& writer, const TraceAnswer& answer, const SpanTree& tree,
               const WaterfallRow& row) {
  const Span& span = answer.spans[row.span];
  const SpanTree::Node& node = tree.nodes[row.span];
  const std::int64_t start_ns = answer.summary.start_ns;
  writer.begin_object().member("span_id", span.span_id.hex()).key("parent");
  if (row.parent) {
    writer.value(static_cast<std::int64_t>(*row.parent));
  } else {
    writer.null();
  }
  writer.member("depth", node.depth)
      .member("service", service_of(*span.resource))
      .member("name", span.name)
      .member("kind", name_of(span.kind))
      .member("status", name_of(span.status))
      .key("status_message");
  if (span.status_message.empty()) {
    writer.null();
  } else {
    writer.value(span.status_message);
  }
  writer.member("offset_ns", span.start_ns - start_ns)
      .member("duration_ns", span.duration_ns())
      .member("self_ns", node.self_ns)
      .member("children", static_cast<std::int64_t>(node.children.size()))
      .member("descendants", static_cast<std::int64_t>(row.descendants))
      .member("is_orphan", node.is_orphan)
      .key("critical")
      .begin_array();
  for (const PathPart& part : row.critical) {
    writer.begin_array().value(part.start_ns - start_ns).value(part.end_ns - start_ns).end_array();
  }
  writer.end_array().end_object();
}

Result<Response> show_waterfall(const Call& call) {
  net::QueryFields fields(call.request);
  BL_TRY(const TraceId id, trace_id_of(call.request));
  const TraceQuery query = trace_query_of(fields, id);
  const auto first = fields.integer("first", 0, k_first_max).value_or(0);
  const auto rows = fields.integer("rows", 1, k_rows_max).value_or(k_rows_default);
  BL_RETURN_IF_ERROR(fields.finish());
  BL_TRY(const TraceAnswer answer, whole_trace(call.store, query));
  const SpanTree tree = tree_of(answer.spans);
  const std::vector<PathPart> path = critical_path(answer.spans, tree);
  std::string body;
  json::Writer writer(body);
  writer.begin_object();
  write_trace_facts(writer, answer);
  writer.member("rows_total", static_cast<std::int64_t>(tree.walk.size()))
      .member("first", first)
      .key("rows")
      .begin_array();
  for (const WaterfallRow& row : waterfall_rows(tree, path, static_cast<std::size_t>(first),
                                                static_cast<std::size_t>(rows))) {
    write_row(writer, answer, tree, row);
  }
  writer.end_array();
  write_warnings(writer, warnings_of(answer.spans, tree));
  writer.end_object();
  return answer_json(std::move(body));
}

Result<Response> show_flame(const Call& call) {
  net::QueryFields fields(call.request);
  BL_TRY(const TraceId id, trace_id_of(call.request));
  const TraceQuery query = trace_query_of(fields, id);
  BL_RETURN_IF_ERROR(fields.finish());
  BL_TRY(const TraceAnswer answer, whole_trace(call.store, query));
  const SpanTree tree = tree_of(answer.spans);
  const FlameGraph graph = flame_graph(answer.spans, tree, critical_path(answer.spans, tree));
  std::string body;
  json::Writer writer(body);
  writer.begin_object();
  write_trace_facts(writer, answer);
  writer.key("frames").begin_array();
  for (const FlameFrame& frame : graph.frames) {
    writer.begin_object().key("parent");
    if (frame.parent) {
      writer.value(static_cast<std::int64_t>(*frame.parent));
    } else {
      writer.null();
    }
    writer.member("service", frame.service)
        .member("name", frame.name)
        .member("spans", frame.spans)
        .member("errors", frame.errors)
        .member("total_ns", frame.total_ns)
        .member("self_ns", frame.self_ns)
        .member("critical_ns", frame.critical_ns)
        .end_object();
  }
  writer.end_array().member("folded_spans", graph.folded_spans).end_object();
  return answer_json(std::move(body));
}

}  // namespace

void add_waterfall_routes(RouteSet& routes) {
  routes.read("/api/v1/traces/{id}/waterfall", show_waterfall);
  routes.read("/api/v1/traces/{id}/flame", show_flame);
}

}  // namespace bl::traces
