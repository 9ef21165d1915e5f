#include "traces/views/tempo.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "base/json.h"
#include "base/protobuf.h"
#include "traces/go_duration.h"
#include "traces/otlp.h"
#include "traces/views/plain_json.h"

namespace bl::traces {
namespace {

constexpr std::string_view k_no_root = "<root span not yet received>";

/// Of spec 6.3, in the order in which Tempo gives them.
struct ScopeName {
  std::string_view name;
  AttributePlace place;
};
constexpr std::array<ScopeName, 5> k_scopes = {{{"resource", AttributePlace::resource},
                                                {"span", AttributePlace::span},
                                                {"event", AttributePlace::event},
                                                {"link", AttributePlace::link},
                                                {"instrumentation", AttributePlace::scope}}};

/// Counts as protobuf's JSON has them: 64-bit numbers as texts, zeros left out.
void add_long(json::Writer& writer, std::string_view key, std::int64_t count) {
  if (count != 0) writer.member(key, std::to_string(count));
}
void add_int(json::Writer& writer, std::string_view key, std::int64_t count) {
  if (count != 0) writer.member(key, count);
}

void write_read_metrics(json::Writer& writer, const ReadCost& cost) {
  add_long(writer, "inspectedBytes", cost.bytes_read);
  add_long(writer, "backendReads", cost.requests);
  add_long(writer, "backendBytes", cost.bytes_read);
  if (cost.cache_hits == 0) return;
  writer.key("additionalMetrics").begin_object();
  add_long(writer, "cacheHits", cost.cache_hits);
  writer.end_object();
}

// Attributes of a span in a search, as OTLP/JSON has values.

struct ValueWriter {
  json::Writer& writer;
  void operator()(std::monostate) const {}
  void operator()(const std::string& text) const { writer.member("stringValue", text); }
  void operator()(bool truth) const { writer.member("boolValue", truth); }
  void operator()(std::int64_t integer) const {
    writer.member("intValue", std::to_string(integer));
  }
  void operator()(double number) const {
    writer.key("doubleValue");
    write_plain(writer, AnyValue(AnyValue::Value(number)));
  }
  void operator()(const Bytes& bytes) const {
    writer.key("bytesValue");
    write_plain(writer, AnyValue(AnyValue::Value(bytes)));
  }
  void operator()(const Array& elements) const {
    writer.key("arrayValue").begin_object().key("values").begin_array();
    for (const AnyValue& element : elements) write_value(element);
    writer.end_array().end_object();
  }
  void operator()(const Attributes& members) const {
    writer.key("kvlistValue").begin_object().key("values").begin_array();
    for (const Attribute& one : members) write_attribute(one.key, one.value);
    writer.end_array().end_object();
  }
  void write_value(const AnyValue& value) const {
    writer.begin_object();
    std::visit(*this, value.value);
    writer.end_object();
  }
  void write_attribute(std::string_view key, const AnyValue& value) const {
    writer.begin_object().member("key", key).key("value");
    write_value(value);
    writer.end_object();
  }
};

const AnyValue* found_in(const Span& span, AttributePlace place, std::string_view key) {
  const auto in_first = [&](const auto& list) -> const AnyValue* {
    for (const auto& one : list) {
      if (const AnyValue* value = find(one.attributes, key)) return value;
    }
    return nullptr;
  };
  switch (place) {
    case AttributePlace::span:
      return find(span.attributes, key);
    case AttributePlace::resource:
      return find(span.resource->attributes, key);
    case AttributePlace::scope:
      return find(span.scope->attributes, key);
    case AttributePlace::event:
      return in_first(span.events);
    case AttributePlace::link:
      return in_first(span.links);
    case AttributePlace::any:
      break;
  }
  for (const ScopeName& scope : {k_scopes[1], k_scopes[0], k_scopes[2], k_scopes[3], k_scopes[4]}) {
    if (const AnyValue* value = found_in(span, scope.place, key)) return value;
  }
  return nullptr;
}

std::optional<AnyValue> text_if_any(std::string_view text) {
  if (text.empty()) return std::nullopt;
  return AnyValue(std::string(text));
}

std::optional<AnyValue> intrinsic_value(const TraceHit& hit, const Span& span,
                                        IntrinsicField::Name name) {
  using Name = IntrinsicField::Name;
  const auto duration = [](std::int64_t nanoseconds) {
    return AnyValue(to_go_duration(nanoseconds));
  };
  switch (name) {
    case Name::service:
      return text_if_any(service_of(*span.resource));
    case Name::name:
      return text_if_any(span.name);
    case Name::kind:
      return text_if_any(name_of(span.kind));
    case Name::status:
      return text_if_any(name_of(span.status));
    case Name::status_message:
      return text_if_any(span.status_message);
    case Name::duration:
      return duration(span.duration_ns());
    case Name::scope_name:
      return text_if_any(span.scope->name);
    case Name::event_name:
      return span.events.empty() ? std::nullopt : text_if_any(span.events.front().name);
    case Name::root_service:
      return text_if_any(hit.summary.root_service.value_or(""));
    case Name::root_name:
      return text_if_any(hit.summary.root_name.value_or(""));
    case Name::trace_duration:
      return duration(hit.summary.end_ns - hit.summary.start_ns);
    case Name::run_id:
      return text_if_any(run_id_of(span));
    case Name::trace_id:
      return text_if_any(span.trace_id.hex());
    case Name::span_id:
      return text_if_any(span.span_id.hex());
  }
  return std::nullopt;
}

void write_selected(json::Writer& writer, const TraceHit& hit, const Span& span,
                    const std::vector<SpanField>& selected) {
  if (selected.empty()) return;
  writer.key("attributes").begin_array();
  const ValueWriter values{writer};
  for (const SpanField& field : selected) {
    if (const auto* attribute = std::get_if<AttributeField>(&field)) {
      const AnyValue* value = found_in(span, attribute->place, attribute->key);
      if (value) values.write_attribute(attribute->key, *value);
      continue;
    }
    const auto name = std::get<IntrinsicField>(field).name;
    const bool is_service = name == IntrinsicField::Name::service;
    if (const auto value = intrinsic_value(hit, span, name)) {
      values.write_attribute(is_service ? "service.name" : traceql_name_of(field), *value);
    }
  }
  writer.end_array();
}

void write_span_set(json::Writer& writer, const TraceHit& hit,
                    const std::vector<SpanField>& selected) {
  writer.begin_object().key("spans").begin_array();
  for (const Span& span : hit.spans) {
    writer.begin_object().member("spanID", span.span_id.hex());
    if (!span.name.empty()) writer.member("name", span.name);
    add_long(writer, "startTimeUnixNano", span.start_ns);
    add_long(writer, "durationNanos", span.duration_ns());
    write_selected(writer, hit, span, selected);
    writer.end_object();
  }
  writer.end_array();
  add_int(writer, "matched", hit.matched);
  writer.end_object();
}

void write_hit(json::Writer& writer, const TraceHit& hit, const std::vector<SpanField>& selected) {
  const TraceSummary& summary = hit.summary;
  writer.begin_object().member("traceID", summary.id.hex());
  writer.member("rootServiceName", summary.root_service.value_or(std::string(k_no_root)));
  if (summary.root_name && !summary.root_name->empty()) {
    writer.member("rootTraceName", *summary.root_name);
  }
  add_long(writer, "startTimeUnixNano", summary.start_ns);
  add_int(writer, "durationMs", (summary.end_ns - summary.start_ns) / 1'000'000);
  if (!hit.spans.empty()) {
    writer.key("spanSets").begin_array();
    write_span_set(writer, hit, selected);
    writer.end_array().key("spanSet");  // the first once more, for old clients
    write_span_set(writer, hit, selected);
  }
  writer.key("serviceStats").begin_object();
  for (const ServiceCount& service : summary.services) {
    writer.key(service.name).begin_object();
    add_int(writer, "spanCount", service.spans);
    add_int(writer, "errorCount", service.errors);
    writer.end_object();
  }
  writer.end_object().end_object();
}

/// Why the trace is not the whole; empty: it is.
std::string partial_message(const TraceAnswer& answer) {
  if (!answer.partial_reason.empty()) return answer.partial_reason;
  return answer.has_more ? "the trace has more spans than one answer holds" : "";
}

/// Names by scope, those of the scope that is asked for.
std::map<AttributePlace, std::set<std::string>> names_by_place(
    const std::vector<AttributeKey>& keys, const TempoScope& scope) {
  std::map<AttributePlace, std::set<std::string>> names;
  if (!scope.has_attributes) return names;
  for (const AttributeKey& key : keys) {
    if (!scope.place || *scope.place == key.place) names[key.place].insert(key.key);
  }
  return names;
}

void write_texts(json::Writer& writer, const auto& texts) {
  writer.begin_array();
  for (const auto& text : texts) writer.value(text);
  writer.end_array();
}

bool is_intrinsic(const SpanField& field, IntrinsicField::Name name) {
  const auto* intrinsic = std::get_if<IntrinsicField>(&field);
  return intrinsic && intrinsic->name == name;
}

/// `type` of a value; empty: it cannot be asked for.
std::string_view type_of(const SpanField& field, const AnyValue& value) {
  using Name = IntrinsicField::Name;
  if (is_intrinsic(field, Name::status) || is_intrinsic(field, Name::kind)) return "keyword";
  const AnyValue::Value& v = value.value;
  if (std::holds_alternative<std::string>(v)) return "string";
  if (std::holds_alternative<bool>(v)) return "bool";
  if (std::holds_alternative<double>(v)) return "float";
  if (!std::holds_alternative<std::int64_t>(v)) return {};
  const bool is_duration =
      is_intrinsic(field, Name::duration) || is_intrinsic(field, Name::trace_duration);
  return is_duration ? "duration" : "int";
}

}  // namespace

std::string encode_tempo_search(const SearchAnswer& answer,
                                const std::vector<SpanField>& selected) {
  std::string text;
  json::Writer writer(text);
  writer.begin_object().key("traces").begin_array();
  for (const TraceHit& hit : answer.traces) write_hit(writer, hit, selected);
  writer.end_array().key("metrics").begin_object();
  add_int(writer, "inspectedTraces", static_cast<std::int64_t>(answer.traces.size()));
  add_int(writer, "totalBlocks", answer.cost.files_considered);
  add_int(writer, "completedJobs", answer.partial_reason.empty() ? 1 : 0);
  add_int(writer, "totalJobs", 1);
  write_read_metrics(writer, answer.cost);
  writer.end_object().end_object();
  return text;
}

std::string encode_tempo_trace_v1(const Spans& spans) {
  return encode_tempo_json(spans, "batches");
}

std::string encode_tempo_trace_v2(const TraceAnswer& answer) {
  std::string text;
  json::Writer writer(text);
  writer.begin_object().key("trace").raw(encode_tempo_json(answer.spans, "resourceSpans"));
  writer.key("metrics").begin_object();
  write_read_metrics(writer, answer.cost);
  writer.end_object();
  if (const std::string message = partial_message(answer); !message.empty()) {
    writer.member("status", "PARTIAL").member("message", message);
  }
  writer.end_object();
  return text;
}

std::string encode_tempo_trace_v2_protobuf(const TraceAnswer& answer) {
  std::string bytes;
  // trace = 1, metrics = 2, status = 3 (1: partial), message = 4.
  protobuf::put_element(bytes, 1, encode_otlp_protobuf(answer.spans));
  protobuf::put_message(bytes, 2, [&] {
    protobuf::put_int(bytes, 1, answer.cost.bytes_read);
    protobuf::put_int(bytes, 2, answer.cost.requests);
    protobuf::put_int(bytes, 3, answer.cost.bytes_read);
  });
  if (const std::string message = partial_message(answer); !message.empty()) {
    protobuf::put_int(bytes, 3, 1);
    protobuf::put_text(bytes, 4, message);
  }
  return bytes;
}

std::optional<TempoScope> tempo_scope_named(std::string_view name) {
  if (name.empty() || name == "none" || name == "all") return TempoScope{};
  if (name == "intrinsic") return TempoScope{std::nullopt, true, false};
  const auto found = std::ranges::find(k_scopes, name, &ScopeName::name);
  if (found == k_scopes.end()) return std::nullopt;
  return TempoScope{found->place, false, true};
}

std::string encode_tempo_tag_names(const std::vector<AttributeKey>& keys, const TempoScope& scope) {
  std::set<std::string> names;
  for (const auto& [place, of_place] : names_by_place(keys, scope)) {
    names.insert(of_place.begin(), of_place.end());
  }
  std::string text;
  json::Writer writer(text);
  writer.begin_object().key("tagNames");
  write_texts(writer, names);
  writer.key("metrics").begin_object().end_object().end_object();
  return text;
}

std::string encode_tempo_scoped_tags(const std::vector<AttributeKey>& keys,
                                     const TempoScope& scope) {
  const auto names = names_by_place(keys, scope);
  std::string text;
  json::Writer writer(text);
  writer.begin_object().key("scopes").begin_array();
  for (const ScopeName& one : k_scopes) {
    const auto found = names.find(one.place);
    if (found == names.end()) continue;
    writer.begin_object().member("name", one.name).key("tags");
    write_texts(writer, found->second);
    writer.end_object();
  }
  if (scope.has_intrinsics) {
    writer.begin_object().member("name", "intrinsic").key("tags");
    write_texts(writer, traceql_intrinsics());
    writer.end_object();
  }
  writer.end_array().key("metrics").begin_object().end_object().end_object();
  return text;
}

std::optional<std::vector<AnyValue>> tempo_keywords(const SpanField& field) {
  std::vector<AnyValue> words;
  if (is_intrinsic(field, IntrinsicField::Name::status)) {
    for (const auto code : {StatusCode::error, StatusCode::ok, StatusCode::unset}) {
      words.emplace_back(std::string(name_of(code)));
    }
    return words;
  }
  if (!is_intrinsic(field, IntrinsicField::Name::kind)) return std::nullopt;
  for (const auto kind : {SpanKind::client, SpanKind::consumer, SpanKind::internal,
                          SpanKind::producer, SpanKind::server, SpanKind::unspecified}) {
    words.emplace_back(std::string(name_of(kind)));
  }
  return words;
}

std::vector<AnyValue> tempo_values_in(const std::vector<TraceHit>& hits, const SpanField& field) {
  // By type and text: a number and its digits are two.
  std::map<std::pair<std::size_t, std::string>, AnyValue> values;
  const auto add = [&](const AnyValue& value) {
    values.try_emplace({value.value.index(), plain_text(value)}, value);
  };
  const auto* attribute = std::get_if<AttributeField>(&field);
  for (const TraceHit& hit : hits) {
    for (const Span& span : hit.spans) {
      std::optional<AnyValue> value;
      if (attribute == nullptr) {
        value = intrinsic_value(hit, span, std::get<IntrinsicField>(field).name);
      } else if (const AnyValue* found = found_in(span, attribute->place, attribute->key)) {
        value = *found;
      }
      if (!value) continue;
      const auto* list = std::get_if<Array>(&value->value);
      if (list == nullptr) add(*value);
      if (list != nullptr) std::ranges::for_each(*list, add);
    }
  }
  std::vector<AnyValue> distinct;
  for (auto& [key, value] : values) distinct.push_back(std::move(value));
  return distinct;
}

std::string encode_tempo_tag_values(const std::vector<AnyValue>& values) {
  std::set<std::string> texts;
  for (const AnyValue& value : values) texts.insert(plain_text(value));
  std::string text;
  json::Writer writer(text);
  writer.begin_object().key("tagValues");
  write_texts(writer, texts);
  writer.key("metrics").begin_object().end_object().end_object();
  return text;
}

std::string encode_tempo_typed_values(const SpanField& field, const std::vector<AnyValue>& values) {
  std::string text;
  json::Writer writer(text);
  writer.begin_object().key("tagValues").begin_array();
  for (const AnyValue& value : values) {
    const std::string_view type = type_of(field, value);
    if (type.empty()) continue;
    const auto* nanoseconds = std::get_if<std::int64_t>(&value.value);
    const bool is_duration = type == "duration" && nanoseconds;
    writer.begin_object().member("type", type);
    writer.member("value", is_duration ? to_go_duration(*nanoseconds) : plain_text(value));
    writer.end_object();
  }
  writer.end_array().key("metrics").begin_object().end_object().end_object();
  return text;
}

}  // namespace bl::traces
