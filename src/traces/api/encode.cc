#include "traces/api/encode.h"

#include <fmt/format.h>

#include <map>
#include <span>

#include "base/hash.h"

namespace bl::traces {
namespace {

constexpr std::int64_t k_javascript_max = (1ll << 53) - 1;

std::string digits(std::int64_t number) {
  return std::to_string(number);
}

void write_value(json::Writer& writer, const Bytes& bytes) {
  const std::string_view text = bytes.bytes;
  writer.begin_object()
      .member("bytes", base64url(std::as_bytes(std::span(text.data(), text.size()))))
      .end_object();
}
void write_value(json::Writer& writer, std::int64_t number) {
  if (number >= -k_javascript_max && number <= k_javascript_max) {
    writer.value(number);
  } else {
    writer.value(digits(number));
  }
}
void write_value(json::Writer& writer, double number) {
  if (std::isfinite(number)) {
    writer.value(number);
  } else {
    writer.value(std::isnan(number) ? "NaN" : number > 0 ? "Infinity" : "-Infinity");
  }
}
void write_value(json::Writer& writer, const Array& values) {
  writer.begin_array();
  for (const AnyValue& value : values) encode(writer, value);
  writer.end_array();
}
void write_value(json::Writer& writer, const Attributes& values) {
  encode(writer, values);
}
void write_value(json::Writer& writer, std::monostate) {
  writer.null();
}
void write_value(json::Writer& writer, const std::string& text) {
  writer.value(text);
}
void write_value(json::Writer& writer, bool truth) {
  writer.value(truth);
}

void write_dropped(json::Writer& writer, std::string_view name, std::uint32_t count) {
  if (count > 0) writer.member(name, static_cast<std::int64_t>(count));
}

void write_event(json::Writer& writer, const SpanEvent& event) {
  writer.begin_object().member("time_ns", digits(event.time_ns)).member("name", event.name);
  writer.key("attributes");
  encode(writer, event.attributes);
  write_dropped(writer, "dropped_attributes", event.dropped_attributes);
  writer.end_object();
}

void write_link(json::Writer& writer, const SpanLink& link) {
  writer.begin_object()
      .member("trace_id", link.trace_id.hex())
      .member("span_id", link.span_id.hex());
  if (!link.trace_state.empty()) writer.member("trace_state", link.trace_state);
  writer.key("attributes");
  encode(writer, link.attributes);
  write_dropped(writer, "dropped_attributes", link.dropped_attributes);
  writer.end_object();
}

void write_head(json::Writer& writer, const Span& span) {
  writer.member("span_id", span.span_id.hex());
  writer.key("parent_span_id");
  if (span.parent_span_id) {
    writer.value(span.parent_span_id->hex());
  } else {
    writer.null();
  }
  writer.member("service", service_of(*span.resource))
      .member("name", span.name)
      .member("kind", name_of(span.kind))
      .member("start_ns", digits(span.start_ns))
      .member("duration_ns", digits(span.duration_ns()))
      .member("status", name_of(span.status));
  if (!span.status_message.empty()) writer.member("status_message", span.status_message);
  writer.key("attributes");
  encode(writer, span.attributes);
}

void write_span(json::Writer& writer, const Span& span, std::size_t resource, std::size_t scope) {
  writer.begin_object();
  write_head(writer, span);
  write_dropped(writer, "dropped_attributes", span.dropped_attributes);
  writer.key("events").begin_array();
  for (const SpanEvent& event : span.events) write_event(writer, event);
  writer.end_array();
  write_dropped(writer, "dropped_events", span.dropped_events);
  writer.key("links").begin_array();
  for (const SpanLink& link : span.links) write_link(writer, link);
  writer.end_array();
  write_dropped(writer, "dropped_links", span.dropped_links);
  if (!span.trace_state.empty()) writer.member("trace_state", span.trace_state);
  if (span.flags != 0) writer.member("flags", static_cast<std::int64_t>(span.flags));
  writer.member("resource", static_cast<std::int64_t>(resource))
      .member("scope", static_cast<std::int64_t>(scope))
      .end_object();
}

void write_one(json::Writer& writer, const Resource& resource) {
  writer.begin_object().member("service", service_of(resource)).key("attributes");
  encode(writer, resource.attributes);
  write_dropped(writer, "dropped_attributes", resource.dropped_attributes);
  if (!resource.schema_url.empty()) writer.member("schema_url", resource.schema_url);
  writer.end_object();
}
void write_one(json::Writer& writer, const Scope& scope) {
  writer.begin_object()
      .member("name", scope.name)
      .member("version", scope.version)
      .key("attributes");
  encode(writer, scope.attributes);
  write_dropped(writer, "dropped_attributes", scope.dropped_attributes);
  if (!scope.schema_url.empty()) writer.member("schema_url", scope.schema_url);
  writer.end_object();
}

/// Shared values in the order in which spans name them first. Equal values that are not shared
/// stand twice; to compare them all would cost more than it saves.
template <class T>
class Places {
 public:
  std::size_t place_of(const std::shared_ptr<const T>& value) {
    const auto [found, is_new] = places_.emplace(value.get(), values_.size());
    if (is_new) values_.push_back(value.get());
    return found->second;
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
  if (cost.path) writer.member("path", name_of(*cost.path));
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

void encode(json::Writer& writer, const TraceSummary& summary) {
  writer.begin_object()
      .member("trace_id", summary.id.hex())
      .member("start_ns", digits(summary.start_ns))
      .member("end_ns", digits(summary.end_ns))
      .member("duration_ns", digits(summary.end_ns - summary.start_ns))
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
  writer.key("run_id");
  if (summary.run_id.empty()) {
    writer.null();
  } else {
    writer.value(summary.run_id);
  }
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
  std::visit([&writer](const auto& held) { write_value(writer, held); }, value.value);
}

void encode(json::Writer& writer, const Attributes& attributes) {
  writer.begin_object();
  for (const Attribute& attribute : attributes) {
    writer.key(attribute.key);
    encode(writer, attribute.value);
  }
  writer.end_object();
}

void write_spans(json::Writer& writer, const Spans& spans) {
  Places<Resource> resources;
  Places<Scope> scopes;
  writer.key("spans").begin_array();
  for (const Span& span : spans) {
    write_span(writer, span, resources.place_of(span.resource), scopes.place_of(span.scope));
  }
  writer.end_array();
  resources.write(writer, "resources");
  scopes.write(writer, "scopes");
}

void write_short_span(json::Writer& writer, const Span& span) {
  writer.begin_object();
  write_head(writer, span);
  writer.end_object();
}

}  // namespace bl::traces
