#include "traces/api/encode.h"

#include <fmt/format.h>

#include <map>
#include <span>

#include "base/hash.h"

namespace bl::traces {
namespace {

std::string digits(std::int64_t number) {
  return std::to_string(number);
}

/// Texts that may be empty, where empty means that there is none.
void write_text(json::Writer& writer, std::string_view name, std::string_view text) {
  writer.key(name);
  if (text.empty()) {
    writer.null();
  } else {
    writer.value(text);
  }
}

void write_count(json::Writer& writer, std::string_view name, std::uint32_t count) {
  writer.member(name, static_cast<std::int64_t>(count));
}

/// Type and value of what an attribute holds.
struct ValueWriter {
  json::Writer& writer;
  void typed(const char* type) const { writer.member("type", type).key("value"); }

  void operator()(std::monostate) const {
    typed("empty");
    writer.null();
  }
  void operator()(const std::string& text) const {
    typed("string");
    writer.value(text);
  }
  void operator()(bool truth) const {
    typed("bool");
    writer.value(truth);
  }
  void operator()(std::int64_t number) const {
    typed("int");
    writer.value(digits(number));
  }
  void operator()(double number) const {
    typed("double");
    if (std::isfinite(number)) {
      writer.value(number);
    } else {
      writer.value(std::isnan(number) ? "NaN" : number > 0 ? "Infinity" : "-Infinity");
    }
  }
  void operator()(const Bytes& held) const {
    typed("bytes");
    const std::string_view text = held.bytes;
    writer.value(base64(std::as_bytes(std::span(text.data(), text.size()))));
  }
  void operator()(const Array& values) const {
    typed("array");
    writer.begin_array();
    for (const AnyValue& value : values) encode(writer, value);
    writer.end_array();
  }
  void operator()(const Attributes& values) const {
    typed("map");
    encode(writer, values);
  }
};

void write_attributes(json::Writer& writer, const Attributes& attributes) {
  writer.key("attributes");
  encode(writer, attributes);
}

void write_event(json::Writer& writer, const SpanEvent& event, std::int64_t trace_start_ns) {
  writer.begin_object()
      .member("name", event.name)
      .member("offset_ns", event.time_ns - trace_start_ns);
  write_attributes(writer, event.attributes);
  write_count(writer, "dropped_attributes", event.dropped_attributes);
  writer.end_object();
}

void write_link(json::Writer& writer, const SpanLink& link) {
  writer.begin_object()
      .member("trace_id", link.trace_id.hex())
      .member("span_id", link.span_id.hex());
  write_text(writer, "trace_state", link.trace_state);
  write_attributes(writer, link.attributes);
  write_count(writer, "dropped_attributes", link.dropped_attributes);
  writer.end_object();
}

void write_names(json::Writer& writer, const Span& span) {
  writer.member("service", service_of(*span.resource))
      .member("name", span.name)
      .member("kind", name_of(span.kind))
      .member("status", name_of(span.status));
}

/// Everything but resource and scope; the object stays open.
void write_span(json::Writer& writer, const Span& span, std::int64_t trace_start_ns) {
  writer.member("span_id", span.span_id.hex());
  write_text(writer, "parent_span_id", span.parent_span_id ? span.parent_span_id->hex() : "");
  write_names(writer, span);
  write_text(writer, "status_message", span.status_message);
  writer.member("start_ns", digits(span.start_ns))
      .member("offset_ns", span.start_ns - trace_start_ns)
      .member("duration_ns", span.duration_ns());
  write_text(writer, "trace_state", span.trace_state);
  write_count(writer, "flags", span.flags);
  write_attributes(writer, span.attributes);
  write_count(writer, "dropped_attributes", span.dropped_attributes);
  writer.key("events").begin_array();
  for (const SpanEvent& event : span.events) write_event(writer, event, trace_start_ns);
  writer.end_array();
  write_count(writer, "dropped_events", span.dropped_events);
  writer.key("links").begin_array();
  for (const SpanLink& link : span.links) write_link(writer, link);
  writer.end_array();
  write_count(writer, "dropped_links", span.dropped_links);
}

void write_one(json::Writer& writer, const Resource& resource) {
  writer.begin_object().member("service", service_of(resource));
  write_attributes(writer, resource.attributes);
  write_count(writer, "dropped_attributes", resource.dropped_attributes);
  write_text(writer, "schema_url", resource.schema_url);
  writer.end_object();
}
void write_one(json::Writer& writer, const Scope& scope) {
  writer.begin_object().member("name", scope.name).member("version", scope.version);
  write_attributes(writer, scope.attributes);
  write_count(writer, "dropped_attributes", scope.dropped_attributes);
  write_text(writer, "schema_url", scope.schema_url);
  writer.end_object();
}

/// Shared values in the order in which spans name them first. Equal values that are not shared
/// stand twice: to compare them all would cost more than it saves.
template <class T>
class Shared {
 public:
  std::int64_t place_of(const std::shared_ptr<const T>& value) {
    const auto [found, is_new] = places_.emplace(value.get(), values_.size());
    if (is_new) values_.push_back(value.get());
    return static_cast<std::int64_t>(found->second);
  }
  void write(json::Writer& writer, std::string_view name) const {
    writer.key(name).begin_array();
    for (const T* value : values_) write_one(writer, *value);
    writer.end_array();
  }

 private:
  std::map<const T*, std::size_t> places_;
  std::vector<const T*> values_;
};

}  // namespace

void encode(json::Writer& writer, const Window& window) {
  writer.begin_object()
      .member("start_ns", digits(window.start_ns))
      .member("end_ns", digits(window.end_ns))
      .end_object();
}

void encode(json::Writer& writer, const ReadCost& cost) {
  writer.begin_object();
  write_text(writer, "path", cost.path ? name_of(*cost.path) : "");
  writer.key("searched");
  if (cost.searched) {
    encode(writer, *cost.searched);
  } else {
    writer.null();
  }
  writer.member("files_considered", cost.files_considered)
      .member("files_pruned", cost.files_pruned)
      .member("files_read", cost.files_read)
      .member("row_groups_considered", cost.row_groups_considered)
      .member("row_groups_read", cost.row_groups_read)
      .member("bytes_read", cost.bytes_read)
      .member("requests", cost.requests)
      .member("cache_hits", cost.cache_hits)
      .member("data_version", cost.data_version)
      .member("fallbacks", cost.fallbacks)
      .end_object();
}

void write_summary(json::Writer& writer, const TraceSummary& summary) {
  writer.member("trace_id", summary.id.hex())
      .member("start_ns", digits(summary.start_ns))
      .member("duration_ns", summary.end_ns - summary.start_ns)
      .member("spans", summary.spans)
      .member("errors", summary.errors)
      .member("orphans", summary.orphans)
      .member("root_service", summary.root_service)
      .member("root_name", summary.root_name);
  writer.key("services").begin_array();
  for (const ServiceCount& service : summary.services) {
    writer.begin_object()
        .member("name", service.name)
        .member("spans", service.spans)
        .member("errors", service.errors)
        .end_object();
  }
  writer.end_array();
  write_text(writer, "run_id", summary.run_id);
}

void encode(json::Writer& writer, const TraceSummary& summary) {
  writer.begin_object();
  write_summary(writer, summary);
  writer.end_object();
}

void encode(json::Writer& writer, const StoreStatus& status) {
  writer.begin_object()
      .member("spans", status.spans)
      .member("traces", status.traces)
      .member("files", status.files)
      .member("bytes", status.bytes)
      .member("tail_spans", status.tail_spans)
      .member("resident_bytes", status.resident_bytes)
      .member("bounds_complete", status.bounds_complete)
      .member("data_version", status.data_version)
      .end_object();
}

void encode(json::Writer& writer, const AnyValue& value) {
  writer.begin_object();
  std::visit(ValueWriter{writer}, value.value);
  writer.end_object();
}

void encode(json::Writer& writer, const Attributes& attributes) {
  writer.begin_array();
  for (const Attribute& attribute : attributes) {
    writer.begin_object().member("key", attribute.key);
    std::visit(ValueWriter{writer}, attribute.value.value);
    writer.end_object();
  }
  writer.end_array();
}

void write_spans(json::Writer& writer, const Spans& spans, std::int64_t trace_start_ns) {
  Shared<Resource> resources;
  Shared<Scope> scopes;
  writer.key("spans").begin_array();
  for (const Span& span : spans) {
    writer.begin_object();
    write_span(writer, span, trace_start_ns);
    writer.member("resource", resources.place_of(span.resource))
        .member("scope", scopes.place_of(span.scope))
        .end_object();
  }
  writer.end_array();
  resources.write(writer, "resources");
  scopes.write(writer, "scopes");
}

void write_whole_span(json::Writer& writer, const Span& span, std::int64_t trace_start_ns,
                      std::int64_t self_ns) {
  writer.begin_object();
  write_span(writer, span, trace_start_ns);
  writer.member("self_ns", self_ns).key("resource");
  encode(writer, span.resource->attributes);
  writer.key("scope");
  write_one(writer, *span.scope);
  writer.end_object();
}

void write_short_span(json::Writer& writer, const Span& span, std::int64_t trace_start_ns) {
  writer.begin_object().member("span_id", span.span_id.hex());
  write_names(writer, span);
  writer.member("offset_ns", span.start_ns - trace_start_ns)
      .member("duration_ns", span.duration_ns())
      .end_object();
}

void write_partial(json::Writer& writer, std::string_view reason) {
  write_text(writer, "partial_reason", reason);
}

}  // namespace bl::traces
