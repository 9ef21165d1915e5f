#include "traces/views/jaeger.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include "base/hash.h"
#include "base/json.h"
#include "traces/otlp.h"
#include "traces/views/plain_json.h"

namespace bl::traces {
namespace {

constexpr std::string_view k_warnings_key = "@jaeger@warnings";
constexpr std::string_view k_reference_key = "opentracing.ref_type";

/// `{"data":..,"total":n,"limit":0,"offset":0,"errors":null}` around what `data` writes.
template <class Data>
std::string envelope(std::size_t total, const Data& data) {
  std::string text;
  json::Writer writer(text);
  writer.begin_object().key("data");
  data(writer);
  writer.member("total", static_cast<std::int64_t>(total)).member("limit", 0).member("offset", 0);
  writer.key("errors").null().end_object();
  return text;
}

void write_names(json::Writer& writer, const auto& names) {
  writer.begin_array();
  for (const std::string& name : names) writer.value(name);
  writer.end_array();
}

// Tags and fields: Jaeger's KeyValue.

void begin_tag(json::Writer& writer, std::string_view key, std::string_view type) {
  writer.begin_object().member("key", key).member("type", type).key("value");
}
void write_tag(json::Writer& writer, std::string_view key, std::string_view text) {
  begin_tag(writer, key, "string");
  writer.value(text).end_object();
}
void write_tag(json::Writer& writer, const Attribute& attribute) {
  const AnyValue::Value& value = attribute.value.value;
  const auto type = std::holds_alternative<bool>(value)           ? "bool"
                    : std::holds_alternative<std::int64_t>(value) ? "int64"
                    : std::holds_alternative<double>(value)       ? "float64"
                    : std::holds_alternative<Bytes>(value)        ? "binary"
                                                                  : "string";
  begin_tag(writer, attribute.key, type);
  const bool is_list =
      std::holds_alternative<Array>(value) || std::holds_alternative<Attributes>(value);
  if (is_list || std::holds_alternative<std::monostate>(value)) {
    writer.value(plain_text(attribute.value));
  } else {
    write_plain(writer, attribute.value);
  }
  writer.end_object();
}

void write_span_tags(json::Writer& writer, const Span& span) {
  writer.begin_array();
  for (const Attribute& attribute : span.attributes) {
    if (attribute.key != k_warnings_key) write_tag(writer, attribute);
  }
  if (!span.scope->name.empty()) write_tag(writer, "otel.scope.name", span.scope->name);
  if (!span.scope->version.empty()) write_tag(writer, "otel.scope.version", span.scope->version);
  if (span.kind != SpanKind::unspecified && !name_of(span.kind).empty()) {
    write_tag(writer, "span.kind", name_of(span.kind));
  }
  if (span.status == StatusCode::ok) write_tag(writer, "otel.status_code", "OK");
  if (span.status == StatusCode::error) {
    begin_tag(writer, "error", "bool");
    writer.value(true).end_object();
    write_tag(writer, "otel.status_code", "ERROR");
  }
  if (!span.status_message.empty()) {
    write_tag(writer, "otel.status_description", span.status_message);
  }
  if (!span.trace_state.empty()) write_tag(writer, "w3c.tracestate", span.trace_state);
  writer.end_array();
}

void write_reference(json::Writer& writer, std::string_view type, const TraceId& trace,
                     const SpanId& span) {
  writer.begin_object().member("refType", type).member("traceID", trace.hex());
  writer.member("spanID", span.hex()).end_object();
}

void write_references(json::Writer& writer, const Span& span) {
  writer.begin_array();
  if (span.parent_span_id) {
    write_reference(writer, "CHILD_OF", span.trace_id, *span.parent_span_id);
  }
  for (const SpanLink& link : span.links) {
    const AnyValue* type = find(link.attributes, k_reference_key);
    const auto* text = type ? std::get_if<std::string>(&type->value) : nullptr;
    const bool is_child = text && *text == "child_of";
    write_reference(writer, is_child ? "CHILD_OF" : "FOLLOWS_FROM", link.trace_id, link.span_id);
  }
  writer.end_array();
}

void write_logs(json::Writer& writer, const Span& span) {
  writer.begin_array();
  for (const SpanEvent& event : span.events) {
    writer.begin_object().member("timestamp", event.time_ns / 1000).key("fields").begin_array();
    const bool says_event = find(event.attributes, "event") != nullptr;
    if (!event.name.empty() && !says_event) write_tag(writer, "event", event.name);
    for (const Attribute& attribute : event.attributes) write_tag(writer, attribute);
    writer.end_array().end_object();
  }
  writer.end_array();
}

/// The sender's own, and what the sender left out. Null: none.
void write_warnings(json::Writer& writer, const Span& span) {
  std::vector<std::string> warnings;
  if (const AnyValue* said = find(span.attributes, k_warnings_key)) {
    if (const auto* list = std::get_if<Array>(&said->value)) {
      for (const AnyValue& one : *list) warnings.push_back(plain_text(one));
    } else {
      warnings.push_back(plain_text(*said));
    }
  }
  const auto add_dropped = [&](std::uint32_t count, std::string_view what) {
    if (count > 0) warnings.push_back(fmt::format("{} {} left out by the sender", count, what));
  };
  add_dropped(span.dropped_attributes, "attributes were");
  add_dropped(span.dropped_events, "events were");
  add_dropped(span.dropped_links, "links were");
  if (warnings.empty()) {
    writer.null();
  } else {
    write_names(writer, warnings);
  }
}

/// Processes of one trace: `p1`, `p2`, ... by their first spans; equal ones once.
class Processes {
 public:
  const std::string& id_of(const std::shared_ptr<const Resource>& resource) {
    const auto [known, is_new] = by_resource_.try_emplace(resource.get());
    if (!is_new) return *known->second;
    const auto [place, is_first] = ids_.try_emplace(encoded(*resource));
    if (is_first) {
      place->second = fmt::format("p{}", ids_.size());
      order_.push_back(&*place);
    }
    known->second = &place->second;
    return place->second;
  }

  void write(json::Writer& writer) const {
    writer.begin_object();
    for (const auto* process : order_) writer.key(process->second).raw(process->first);
    writer.end_object();
  }

 private:
  static std::string encoded(const Resource& resource) {
    std::string text;
    json::Writer writer(text);
    const std::string_view name = service_of(resource);
    writer.begin_object().member("serviceName", name).key("tags").begin_array();
    for (const Attribute& attribute : resource.attributes) {
      const auto* said = std::get_if<std::string>(&attribute.value.value);
      const bool is_name = attribute.key == "service.name" && said && *said == name;
      if (!is_name) write_tag(writer, attribute);
    }
    writer.end_array().end_object();
    return text;
  }

  std::map<std::string, std::string> ids_;  // by what a process is written as
  std::vector<const std::pair<const std::string, std::string>*> order_;
  std::unordered_map<const Resource*, const std::string*> by_resource_;
};

void write_span(json::Writer& writer, const Span& span, const std::string& process) {
  writer.begin_object().member("traceID", span.trace_id.hex());
  writer.member("spanID", span.span_id.hex());
  constexpr std::uint32_t trace_flags = 0xFF;  // W3C's
  if (const auto flags = span.flags & trace_flags; flags != 0) {
    writer.member("flags", static_cast<std::int64_t>(flags));
  }
  writer.member("operationName", span.name).key("references");
  write_references(writer, span);
  writer.member("startTime", span.start_ns / 1000);
  writer.member("duration", std::max<std::int64_t>(0, span.duration_ns()) / 1000).key("tags");
  write_span_tags(writer, span);
  writer.key("logs");
  write_logs(writer, span);
  writer.member("processID", process).key("warnings");
  write_warnings(writer, span);
  writer.end_object();
}

void write_trace(json::Writer& writer, const Spans& spans) {
  Processes processes;
  const std::string id = spans.empty() ? std::string() : spans.front().trace_id.hex();
  writer.begin_object().member("traceID", id).key("spans").begin_array();
  for (const Span& span : spans) write_span(writer, span, processes.id_of(span.resource));
  writer.end_array().key("processes");
  processes.write(writer);
  writer.key("warnings").null().end_object();
}

/// Its name; of none as Jaeger says it.
std::string_view shown_kind(SpanKind kind) {
  return kind == SpanKind::unspecified ? name_of(SpanKind::internal) : name_of(kind);
}

void write_operations(json::Writer& writer, const std::vector<Operation>& operations) {
  writer.begin_array();
  for (const Operation& operation : operations) {
    writer.begin_object().member("name", operation.name);
    writer.member("spanKind", shown_kind(operation.kind)).end_object();
  }
  writer.end_array();
}

void write_summary(json::Writer& writer, const TraceSummary& summary) {
  const auto add_text = [&](std::string_view key, const std::optional<std::string>& text) {
    if (text && !text->empty()) writer.member(key, *text);
  };
  const auto add_count = [&](std::string_view key, std::int64_t count) {
    if (count != 0) writer.member(key, count);
  };
  const auto add_time = [&](std::string_view key, std::int64_t time) {
    if (time != 0) writer.member(key, std::to_string(time));
  };
  writer.begin_object().member("traceId", summary.id.hex());
  add_text("rootServiceName", summary.root_service);
  add_text("rootOperationName", summary.root_name);
  add_time("minStartTimeUnixNano", summary.start_ns);
  add_time("maxEndTimeUnixNano", summary.end_ns);
  add_count("spanCount", summary.spans);
  add_count("errorSpanCount", summary.errors);
  add_count("orphanSpanCount", summary.orphans);
  if (!summary.services.empty()) {
    writer.key("services").begin_array();
    for (const ServiceCount& service : summary.services) {
      writer.begin_object().member("name", service.name);
      add_count("spanCount", service.spans);
      add_count("errorSpanCount", service.errors);
      writer.end_object();
    }
    writer.end_array();
  }
  writer.end_object();
}

}  // namespace

std::string encode_jaeger_traces(const std::vector<Spans>& traces) {
  return envelope(traces.size(), [&](json::Writer& writer) {
    writer.begin_array();
    for (const Spans& spans : traces) write_trace(writer, spans);
    writer.end_array();
  });
}

std::string encode_jaeger_services(const std::vector<std::string>& services) {
  return envelope(services.size(), [&](json::Writer& writer) { write_names(writer, services); });
}

std::string encode_jaeger_operation_names(const std::vector<Operation>& operations) {
  std::set<std::string> names;
  for (const Operation& operation : operations) names.insert(operation.name);
  return envelope(names.size(), [&](json::Writer& writer) { write_names(writer, names); });
}

std::string encode_jaeger_operations(const std::vector<Operation>& operations) {
  return envelope(operations.size(),
                  [&](json::Writer& writer) { write_operations(writer, operations); });
}

std::string encode_jaeger_dependencies(const std::vector<Dependency>& dependencies) {
  return envelope(dependencies.size(), [&](json::Writer& writer) {
    writer.begin_array();
    for (const Dependency& dependency : dependencies) {
      writer.begin_object().member("parent", dependency.parent);
      writer.member("child", dependency.child).member("callCount", dependency.calls).end_object();
    }
    writer.end_array();
  });
}

std::string encode_jaeger_error(int http_status, std::string_view message,
                                std::optional<TraceId> trace_id) {
  std::string text;
  json::Writer writer(text);
  writer.begin_object().key("data").null();
  writer.member("total", 0).member("limit", 0).member("offset", 0).key("errors").begin_array();
  writer.begin_object().member("code", http_status).member("msg", message);
  if (trace_id) writer.member("traceID", trace_id->hex());
  writer.end_object().end_array().end_object();
  return text;
}

std::string encode_jaeger_v3_services(const std::vector<std::string>& services) {
  std::string text;
  json::Writer writer(text);
  writer.begin_object().key("services");
  write_names(writer, services);
  writer.end_object();
  return text;
}

std::string encode_jaeger_v3_operations(const std::vector<Operation>& operations) {
  std::string text;
  json::Writer writer(text);
  writer.begin_object().key("operations");
  write_operations(writer, operations);
  writer.end_object();
  return text;
}

std::string encode_jaeger_v3_spans(const Spans& spans) {
  return "{\"result\":" + encode_otlp_json(spans) + "}";
}

std::string encode_jaeger_v3_summaries(const std::vector<TraceSummary>& summaries) {
  if (summaries.empty()) return "{}";
  std::string text;
  json::Writer writer(text);
  writer.begin_object().key("summaries").begin_array();
  for (const TraceSummary& summary : summaries) write_summary(writer, summary);
  writer.end_array().end_object();
  return text;
}

std::string encode_jaeger_v3_error(int http_status, std::string_view message) {
  std::string text;
  json::Writer writer(text);
  writer.begin_object().key("error").begin_object();
  writer.member("httpCode", http_status).member("message", message).end_object().end_object();
  return text;
}

std::optional<TraceId> parse_jaeger_v3_trace_id(std::string_view text) {
  if (const auto id = TraceId::from_text(text)) return id;
  const auto bytes = base64_decode(text);
  const auto id = bytes ? TraceId::from_bytes(*bytes) : std::nullopt;
  return id && id->is_valid() ? id : std::nullopt;
}

}  // namespace bl::traces
