#include <bit>

#include "base/protobuf.h"
#include "traces/otlp.h"
#include "traces/wire/groups.h"

/// Fields as opentelemetry-proto numbers them (spec/traces.md 3.1).
namespace bl::traces {
namespace {

using protobuf::put_element;
using protobuf::put_fixed32;
using protobuf::put_fixed64;
using protobuf::put_int;
using protobuf::put_message;
using protobuf::put_tag;
using protobuf::put_text;
using protobuf::put_varint;
using protobuf::Type;

void put(std::string& out, const AnyValue& value);

void put_attributes(std::string& out, std::uint32_t field, const Attributes& attributes) {
  for (const Attribute& one : attributes) {
    put_message(out, field, [&] {
      put_text(out, 1, one.key);
      put_message(out, 2, [&] { put(out, one.value); });
    });
  }
}

/// Members of the oneof: there also with the value that is the default.
struct PutValue {
  std::string& out;
  void operator()(std::monostate) const {}
  void operator()(const std::string& text) const { put_element(out, 1, text); }
  void operator()(bool truth) const {
    put_tag(out, 2, Type::varint);
    put_varint(out, truth ? 1 : 0);
  }
  void operator()(std::int64_t number) const {
    put_tag(out, 3, Type::varint);
    put_varint(out, static_cast<std::uint64_t>(number));
  }
  void operator()(double number) const {
    put_tag(out, 4, Type::fixed64);
    const auto bits = std::bit_cast<std::uint64_t>(number);
    out.append(reinterpret_cast<const char*>(&bits), sizeof bits);
  }
  void operator()(const Array& array) const {
    put_message(out, 5, [&] {
      for (const AnyValue& element : array) put_message(out, 1, [&] { put(out, element); });
    });
  }
  void operator()(const Attributes& members) const {
    put_message(out, 6, [&] { put_attributes(out, 1, members); });
  }
  void operator()(const Bytes& bytes) const { put_element(out, 7, bytes.bytes); }
};

void put(std::string& out, const AnyValue& value) {
  std::visit(PutValue{out}, value.value);
}

void put(std::string& out, const EntityRef& entity) {
  put_text(out, 1, entity.schema_url);
  put_text(out, 2, entity.type);
  for (const std::string& key : entity.id_keys) put_element(out, 3, key);
  for (const std::string& key : entity.description_keys) put_element(out, 4, key);
}

void put(std::string& out, const Resource& resource) {
  put_attributes(out, 1, resource.attributes);
  put_int(out, 2, resource.dropped_attributes);
  for (const EntityRef& entity : resource.entity_refs)
    put_message(out, 3, [&] { put(out, entity); });
}

void put(std::string& out, const Scope& scope) {
  put_text(out, 1, scope.name);
  put_text(out, 2, scope.version);
  put_attributes(out, 3, scope.attributes);
  put_int(out, 4, scope.dropped_attributes);
}

/// An id that is none is not there.
template <class Id>
void put_id(std::string& out, std::uint32_t field, const Id& id) {
  if (id.is_valid()) put_element(out, field, id.bytes());
}

void put(std::string& out, const SpanEvent& event) {
  put_fixed64(out, 1, static_cast<std::uint64_t>(event.time_ns));
  put_text(out, 2, event.name);
  put_attributes(out, 3, event.attributes);
  put_int(out, 4, event.dropped_attributes);
}

void put(std::string& out, const SpanLink& link) {
  put_id(out, 1, link.trace_id);
  put_id(out, 2, link.span_id);
  put_text(out, 3, link.trace_state);
  put_attributes(out, 4, link.attributes);
  put_int(out, 5, link.dropped_attributes);
  put_fixed32(out, 6, link.flags);
}

void put(std::string& out, const Span& span) {
  put_id(out, 1, span.trace_id);
  put_id(out, 2, span.span_id);
  put_text(out, 3, span.trace_state);
  if (span.parent_span_id) put_id(out, 4, *span.parent_span_id);
  put_text(out, 5, span.name);
  put_int(out, 6, static_cast<std::int32_t>(span.kind));
  put_fixed64(out, 7, static_cast<std::uint64_t>(span.start_ns));
  put_fixed64(out, 8, static_cast<std::uint64_t>(span.end_ns));
  put_attributes(out, 9, span.attributes);
  put_int(out, 10, span.dropped_attributes);
  for (const SpanEvent& event : span.events) put_message(out, 11, [&] { put(out, event); });
  put_int(out, 12, span.dropped_events);
  for (const SpanLink& link : span.links) put_message(out, 13, [&] { put(out, link); });
  put_int(out, 14, span.dropped_links);
  if (span.status != StatusCode::unset || !span.status_message.empty()) {
    put_message(out, 15, [&] {
      put_text(out, 2, span.status_message);
      put_int(out, 3, static_cast<std::int32_t>(span.status));
    });
  }
  put_fixed32(out, 16, span.flags);
}

void put(std::string& out, const Spans& spans, const ScopeGroup& group) {
  const Scope& scope = *spans[group.begin].scope;
  put_message(out, 1, [&] { put(out, scope); });
  for (std::size_t i = group.begin; i < group.end; ++i)
    put_message(out, 2, [&] { put(out, spans[i]); });
  put_text(out, 3, scope.schema_url);
}

}  // namespace

std::string encode_otlp_protobuf(const Spans& spans) {
  std::string out;
  for (const ResourceGroup& group : groups_of(spans)) {
    const Resource& resource = *spans[group.scopes.front().begin].resource;
    put_message(out, 1, [&] {
      put_message(out, 1, [&] { put(out, resource); });
      for (const ScopeGroup& scope : group.scopes)
        put_message(out, 2, [&] { put(out, spans, scope); });
      put_text(out, 3, resource.schema_url);
    });
  }
  return out;
}

std::string encode_any_value(const AnyValue& value) {
  std::string out;
  put(out, value);
  return out;
}

}  // namespace bl::traces
