#include "traces/model/limits.h"

#include <fmt/format.h>

#include "base/json.h"
#include "base/utf8.h"

namespace bl::traces {
namespace {

constexpr std::size_t k_shown_bytes_max = 120;
constexpr std::size_t k_fixed_weight = 16;  // of a number, of an event's or link's numbers

Fault fault(std::string path, std::string message, std::string value = {}) {
  return {std::move(path), std::move(message), std::move(value)};
}

std::string quoted(std::string_view text) {
  std::string out;
  json::append_quoted(out, prefix_of_bytes(text, k_shown_bytes_max));
  return out;
}

/// Adds the bytes that a value holds. False: it is nested deeper than that many levels.
bool add_weight(const AnyValue& value, int levels_left, std::size_t& weight) {
  if (levels_left == 0) return false;
  weight += k_fixed_weight;
  if (const auto* text = std::get_if<std::string>(&value.value)) {
    weight += text->size();
  } else if (const auto* bytes = std::get_if<Bytes>(&value.value)) {
    weight += bytes->bytes.size();
  } else if (const auto* array = std::get_if<Array>(&value.value)) {
    for (const AnyValue& element : *array)
      if (!add_weight(element, levels_left - 1, weight)) return false;
  } else if (const auto* members = std::get_if<Attributes>(&value.value)) {
    for (const Attribute& member : *members) {
      weight += member.key.size();
      if (!add_weight(member.value, levels_left - 1, weight)) return false;
    }
  }
  return true;
}

/// Checks one span, resource or scope, and weighs it on the way.
class Check {
 public:
  explicit Check(const SpanLimits& limits) : limits_(limits) {}

  std::optional<Fault> attributes(const Attributes& attributes, std::string_view path) {
    if (attributes.size() > limits_.attributes_max)
      return fault(std::string(path), fmt::format("has over {} attributes", limits_.attributes_max),
                   std::to_string(attributes.size()));
    for (std::size_t i = 0; i < attributes.size(); ++i) {
      const Attribute& one = attributes[i];
      std::size_t weight = one.key.size();
      if (!add_weight(one.value, limits_.depth_max, weight))
        return fault(json::pointer_append(path, i),
                     fmt::format("is nested deeper than {} values", limits_.depth_max),
                     quoted(one.key));
      if (weight > limits_.attribute_bytes_max)
        return fault(json::pointer_append(path, i),
                     fmt::format("has over {} bytes", limits_.attribute_bytes_max),
                     quoted(one.key));
      weight_ += weight;
    }
    return std::nullopt;
  }

  std::optional<Fault> text(std::string_view text, std::string_view path) {
    weight_ += text.size();
    if (text.size() <= limits_.attribute_bytes_max) return std::nullopt;
    return fault(std::string(path), fmt::format("has over {} bytes", limits_.attribute_bytes_max),
                 quoted(text));
  }

  std::optional<Fault> ids_and_times(const Span& span, std::int64_t now_ns) const;
  std::optional<Fault> events(const std::vector<SpanEvent>& events);
  std::optional<Fault> links(const std::vector<SpanLink>& links);
  std::optional<Fault> whole(std::string_view path) const {
    if (weight_ <= limits_.span_bytes_max) return std::nullopt;
    return fault(std::string(path), fmt::format("has over {} bytes", limits_.span_bytes_max),
                 std::to_string(weight_));
  }

 private:
  const SpanLimits& limits_;
  std::size_t weight_ = 0;
};

std::optional<Fault> Check::ids_and_times(const Span& span, std::int64_t now_ns) const {
  if (!span.trace_id.is_valid()) return fault("/traceId", "is missing, or zero");
  if (!span.span_id.is_valid()) return fault("/spanId", "is missing, or zero");
  if (span.parent_span_id && !span.parent_span_id->is_valid())
    return fault("/parentSpanId", "is zero");
  const auto start = static_cast<__int128>(span.start_ns);
  if (start < 0 || start < static_cast<__int128>(now_ns) - limits_.past_ns_max)
    return fault("/startTimeUnixNano", "is too long ago", std::to_string(span.start_ns));
  if (start > static_cast<__int128>(now_ns) + limits_.future_ns_max)
    return fault("/startTimeUnixNano", "is in the future", std::to_string(span.start_ns));
  if (span.end_ns < span.start_ns)
    return fault("/endTimeUnixNano", "is before the start", std::to_string(span.end_ns));
  if (span.duration_ns() > limits_.duration_ns_max)
    return fault("/endTimeUnixNano",
                 fmt::format("is over {} ns behind the start", limits_.duration_ns_max),
                 std::to_string(span.end_ns));
  return std::nullopt;
}

std::optional<Fault> Check::events(const std::vector<SpanEvent>& events) {
  if (events.size() > limits_.events_max)
    return fault("/events", fmt::format("are over {}", limits_.events_max),
                 std::to_string(events.size()));
  for (std::size_t i = 0; i < events.size(); ++i) {
    const SpanEvent& event = events[i];
    weight_ += k_fixed_weight;
    const std::string path = fmt::format("/events/{}", i);
    if (event.time_ns < 0)
      return fault(path + "/timeUnixNano", "is out of range", std::to_string(event.time_ns));
    if (auto found = text(event.name, path + "/name")) return found;
    if (auto found = attributes(event.attributes, path + "/attributes")) return found;
  }
  return std::nullopt;
}

std::optional<Fault> Check::links(const std::vector<SpanLink>& links) {
  if (links.size() > limits_.links_max)
    return fault("/links", fmt::format("are over {}", limits_.links_max),
                 std::to_string(links.size()));
  for (std::size_t i = 0; i < links.size(); ++i) {
    weight_ += k_fixed_weight;
    const std::string path = fmt::format("/links/{}", i);
    if (auto found = text(links[i].trace_state, path + "/traceState")) return found;
    if (auto found = attributes(links[i].attributes, path + "/attributes")) return found;
  }
  return std::nullopt;
}

}  // namespace

std::optional<Fault> fault_of(const Resource& resource, const SpanLimits& limits) {
  Check check(limits);
  if (auto found = check.text(resource.schema_url, "/schemaUrl")) return found;
  if (auto found = check.attributes(resource.attributes, "/resource/attributes")) return found;
  if (resource.entity_refs.size() > limits.attributes_max)
    return fault("/resource/entityRefs", fmt::format("are over {}", limits.attributes_max),
                 std::to_string(resource.entity_refs.size()));
  for (const EntityRef& entity : resource.entity_refs) {
    if (entity.id_keys.size() + entity.description_keys.size() > limits.attributes_max)
      return fault("/resource/entityRefs", fmt::format("has over {} keys", limits.attributes_max));
    for (const std::string* one : {&entity.schema_url, &entity.type})
      if (auto found = check.text(*one, "/resource/entityRefs")) return found;
    for (const auto* keys : {&entity.id_keys, &entity.description_keys})
      for (const std::string& key : *keys)
        if (auto found = check.text(key, "/resource/entityRefs")) return found;
  }
  return check.whole("/resource");
}

std::optional<Fault> fault_of(const Scope& scope, const SpanLimits& limits) {
  Check check(limits);
  if (auto found = check.text(scope.schema_url, "/schemaUrl")) return found;
  if (auto found = check.text(scope.name, "/scope/name")) return found;
  if (auto found = check.text(scope.version, "/scope/version")) return found;
  if (auto found = check.attributes(scope.attributes, "/scope/attributes")) return found;
  return check.whole("/scope");
}

std::optional<Fault> fault_of_own(const Span& span, std::int64_t now_ns, const SpanLimits& limits) {
  Check check(limits);
  if (auto found = check.ids_and_times(span, now_ns)) return found;
  if (auto found = check.text(span.name, "/name")) return found;
  if (auto found = check.text(span.trace_state, "/traceState")) return found;
  if (auto found = check.text(span.status_message, "/status/message")) return found;
  if (auto found = check.attributes(span.attributes, "/attributes")) return found;
  if (auto found = check.events(span.events)) return found;
  if (auto found = check.links(span.links)) return found;
  return check.whole("");
}

std::optional<Fault> fault_of(const Span& span, std::int64_t now_ns, const SpanLimits& limits) {
  if (auto found = fault_of_own(span, now_ns, limits)) return found;
  if (auto found = fault_of(*span.resource, limits)) return found;
  return fault_of(*span.scope, limits);
}

}  // namespace bl::traces
