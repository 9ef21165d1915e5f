#include <cctype>
#include <cmath>

#include <fmt/format.h>

#include "base/hash.h"
#include "base/json.h"
#include "traces/otlp.h"
#include "traces/wire/groups.h"

/// Members that have their default are left out, as protobuf's JSON has it; of a value's kinds the
/// one that it has is always there.
namespace bl::traces {
namespace {

enum class Style : unsigned char {
  otlp,   ///< hex ids, enums as numbers
  tempo,  ///< protobuf's own JSON: base64 ids, enums by name
};

std::string base64_of(std::string_view bytes) {
  return base64(std::as_bytes(std::span(bytes)));
}

class Encoder {
 public:
  Encoder(std::string& out, Style style) : writer_(out), style_(style) {}
  void spans(const Spans& spans, std::string_view list);

 private:
  void value(const AnyValue& value);
  void attributes(const Attributes& attributes, std::string_view key = "attributes");
  void member(const Attribute& one);
  void resource(const Resource& resource);
  void entity(const EntityRef& entity);
  void scope(const Scope& scope);
  void span(const Span& span);
  void events(const Span& span);
  void links(const Span& span);
  void status(const Span& span);

  void text(std::string_view key, std::string_view text) {
    if (!text.empty()) writer_.member(key, text);
  }
  void texts(std::string_view key, const std::vector<std::string>& texts) {
    if (texts.empty()) return;
    writer_.key(key).begin_array();
    for (const std::string& one : texts) writer_.value(one);
    writer_.end_array();
  }
  void count(std::string_view key, std::uint32_t count) {
    if (count != 0) writer_.member(key, std::int64_t{count});
  }
  void time(std::string_view key, std::int64_t ns) {
    if (ns != 0) writer_.member(key, std::to_string(ns));
  }
  template <class Id>
  void id(std::string_view key, const Id& id) {
    if (!id.is_valid()) return;
    writer_.member(key, style_ == Style::otlp ? id.hex() : base64_of(id.bytes()));
  }
  template <class Enum>
  void code(std::string_view key, Enum value, std::string_view prefix);

  json::Writer writer_;
  const Style style_;
};

template <class Enum>
void Encoder::code(std::string_view key, Enum value, std::string_view prefix) {
  const auto number = static_cast<std::int32_t>(value);
  if (number == 0) return;
  std::string name(name_of(value));
  if (style_ == Style::otlp || name.empty()) {
    writer_.member(key, std::int64_t{number});
    return;
  }
  for (char& c : name) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  writer_.member(key, std::string(prefix) + name);
}

void Encoder::value(const AnyValue& value) {
  writer_.begin_object();
  if (const auto* text = std::get_if<std::string>(&value.value)) {
    writer_.member("stringValue", *text);
  } else if (const bool* truth = std::get_if<bool>(&value.value)) {
    writer_.member("boolValue", *truth);
  } else if (const auto* integer = std::get_if<std::int64_t>(&value.value)) {
    writer_.member("intValue", std::to_string(*integer));
  } else if (const double* number = std::get_if<double>(&value.value)) {
    writer_.key("doubleValue");
    if (std::isfinite(*number)) {
      writer_.value(*number);
    } else {
      writer_.value(std::isnan(*number) ? "NaN" : *number > 0 ? "Infinity" : "-Infinity");
    }
  } else if (const auto* bytes = std::get_if<Bytes>(&value.value)) {
    writer_.member("bytesValue", base64_of(bytes->bytes));
  } else if (const auto* array = std::get_if<Array>(&value.value)) {
    writer_.key("arrayValue").begin_object().key("values").begin_array();
    for (const AnyValue& element : *array) this->value(element);
    writer_.end_array().end_object();
  } else if (const auto* members = std::get_if<Attributes>(&value.value)) {
    writer_.key("kvlistValue").begin_object().key("values").begin_array();
    for (const Attribute& one : *members) member(one);
    writer_.end_array().end_object();
  }
  writer_.end_object();
}

void Encoder::member(const Attribute& one) {
  writer_.begin_object().member("key", one.key).key("value");
  value(one.value);
  writer_.end_object();
}

void Encoder::attributes(const Attributes& attributes, std::string_view key) {
  if (attributes.empty()) return;
  writer_.key(key).begin_array();
  for (const Attribute& one : attributes) member(one);
  writer_.end_array();
}

void Encoder::entity(const EntityRef& entity) {
  writer_.begin_object();
  text("schemaUrl", entity.schema_url);
  text("type", entity.type);
  texts("idKeys", entity.id_keys);
  texts("descriptionKeys", entity.description_keys);
  writer_.end_object();
}

void Encoder::resource(const Resource& resource) {
  writer_.key("resource").begin_object();
  attributes(resource.attributes);
  count("droppedAttributesCount", resource.dropped_attributes);
  if (!resource.entity_refs.empty()) {
    writer_.key("entityRefs").begin_array();
    for (const EntityRef& one : resource.entity_refs) entity(one);
    writer_.end_array();
  }
  writer_.end_object();
}

void Encoder::scope(const Scope& scope) {
  writer_.key("scope").begin_object();
  text("name", scope.name);
  text("version", scope.version);
  attributes(scope.attributes);
  count("droppedAttributesCount", scope.dropped_attributes);
  writer_.end_object();
}

void Encoder::events(const Span& span) {
  if (!span.events.empty()) {
    writer_.key("events").begin_array();
    for (const SpanEvent& event : span.events) {
      writer_.begin_object();
      time("timeUnixNano", event.time_ns);
      text("name", event.name);
      attributes(event.attributes);
      count("droppedAttributesCount", event.dropped_attributes);
      writer_.end_object();
    }
    writer_.end_array();
  }
  count("droppedEventsCount", span.dropped_events);
}

void Encoder::links(const Span& span) {
  if (!span.links.empty()) {
    writer_.key("links").begin_array();
    for (const SpanLink& link : span.links) {
      writer_.begin_object();
      id("traceId", link.trace_id);
      id("spanId", link.span_id);
      text("traceState", link.trace_state);
      attributes(link.attributes);
      count("droppedAttributesCount", link.dropped_attributes);
      count("flags", link.flags);
      writer_.end_object();
    }
    writer_.end_array();
  }
  count("droppedLinksCount", span.dropped_links);
}

void Encoder::status(const Span& span) {
  if (span.status == StatusCode::unset && span.status_message.empty()) return;
  writer_.key("status").begin_object();
  text("message", span.status_message);
  code("code", span.status, "STATUS_CODE_");
  writer_.end_object();
}

void Encoder::span(const Span& span) {
  writer_.begin_object();
  id("traceId", span.trace_id);
  id("spanId", span.span_id);
  text("traceState", span.trace_state);
  if (span.parent_span_id) id("parentSpanId", *span.parent_span_id);
  count("flags", span.flags);
  text("name", span.name);
  code("kind", span.kind, "SPAN_KIND_");
  time("startTimeUnixNano", span.start_ns);
  time("endTimeUnixNano", span.end_ns);
  attributes(span.attributes);
  count("droppedAttributesCount", span.dropped_attributes);
  events(span);
  links(span);
  status(span);
  writer_.end_object();
}

void Encoder::spans(const Spans& spans, std::string_view list) {
  writer_.begin_object().key(list).begin_array();
  for (const ResourceGroup& group : groups_of(spans)) {
    const Resource& of_group = *spans[group.scopes.front().begin].resource;
    writer_.begin_object();
    resource(of_group);
    writer_.key("scopeSpans").begin_array();
    for (const ScopeGroup& one : group.scopes) {
      writer_.begin_object();
      scope(*spans[one.begin].scope);
      writer_.key("spans").begin_array();
      for (std::size_t i = one.begin; i < one.end; ++i) span(spans[i]);
      writer_.end_array();
      text("schemaUrl", spans[one.begin].scope->schema_url);
      writer_.end_object();
    }
    writer_.end_array();
    text("schemaUrl", of_group.schema_url);
    writer_.end_object();
  }
  writer_.end_array().end_object();
}

}  // namespace

std::string encode_otlp_json(const Spans& spans) {
  std::string out;
  Encoder(out, Style::otlp).spans(spans, "resourceSpans");
  return out;
}

std::string encode_tempo_json(const Spans& spans, std::string_view list) {
  std::string out;
  Encoder(out, Style::tempo).spans(spans, list);
  return out;
}

}  // namespace bl::traces
