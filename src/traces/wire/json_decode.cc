#include <charconv>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "base/hash.h"
#include "base/json.h"
#include "base/numbers.h"
#include "traces/model/limits.h"
#include "traces/otlp.h"
#include "traces/wire/rejections.h"

/// OTLP/JSON (spec/traces.md 3.3): null is absent, of equal keys the last one stays, keys that are
/// not known are passed over, snake_case among them.
namespace bl::traces {
namespace {

constexpr std::string_view k_malformed = "the request is not OTLP/JSON";

/// A whole number as protobuf's JSON allows it: digits as a text or a number, also `1e3` and `2.0`.
template <class Integer>
std::optional<Integer> integer_of(const json::Value& value) {
  if (!value.is_number() && !value.is_string()) return std::nullopt;
  const std::string& text = value.is_number() ? value.number_text() : value.as_string();
  Integer integer = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), integer);
  if (error == std::errc() && end == text.data() + text.size()) return integer;
  const auto number = is_json_number(text) ? parse_double(text) : std::nullopt;
  constexpr double k_exact_max = 9'007'199'254'740'992;
  if (!number || std::trunc(*number) != *number || std::abs(*number) > k_exact_max)
    return std::nullopt;
  if (!std::in_range<Integer>(static_cast<std::int64_t>(*number))) return std::nullopt;
  return static_cast<Integer>(*number);
}

std::optional<double> double_of(const json::Value& value) {
  if (value.is_number()) return value.as_double();
  if (!value.is_string()) return std::nullopt;
  const std::string& text = value.as_string();
  if (text == "NaN") return std::numeric_limits<double>::quiet_NaN();
  if (text == "Infinity") return std::numeric_limits<double>::infinity();
  if (text == "-Infinity") return -std::numeric_limits<double>::infinity();
  return is_json_number(text) ? parse_double(text) : std::nullopt;
}

/// Every method gives false when the request is broken; error() then says where and why. Each level
/// puts its token before the path of what is broken below it.
class Decoder {
 public:
  Decoder(std::int64_t now_ns, const SpanLimits& limits) : now_ns_(now_ns), limits_(limits) {}

  bool request(const json::Value& root);
  DecodedSpans& decoded() { return decoded_; }
  Error error() &&;

 private:
  bool fail(std::string what, const json::Value& value) {
    json::Faults faults;
    faults.add("", std::move(what), &value);
    broken_ = faults.list().front();
    return false;
  }
  template <class Token>
  bool below(bool done, Token token) {
    if (!done) broken_.path.insert(0, json::pointer_append("", token));
    return done;
  }
  /// `read(key, value)` for each member that is not null.
  template <class Read>
  bool members(const json::Value& value, Read read) {
    if (!value.is_object()) return fail("is not an object", value);
    for (const auto& [key, member] : value.members())
      if (!member.is_null() && !below(read(key, member), std::string_view(key))) return false;
    return true;
  }
  template <class Read>
  bool elements(const json::Value& value, Read read) {
    if (!value.is_array()) return fail("is not a list", value);
    for (std::size_t i = 0; i < value.items().size(); ++i)
      if (!below(read(i, value.items()[i]), i)) return false;
    return true;
  }
  bool text(const json::Value& value, std::string& to) {
    if (!value.is_string()) return fail("is not a text", value);
    to = value.as_string();
    return true;
  }
  bool texts(const json::Value& value, std::vector<std::string>& to) {
    return elements(
        value, [&](std::size_t, const json::Value& one) { return text(one, to.emplace_back()); });
  }
  bool count(const json::Value& value, std::uint32_t& to) {
    const auto number = integer_of<std::uint32_t>(value);
    if (!number) return fail("is not a whole number of 32 bits", value);
    to = *number;
    return true;
  }
  template <class Enum, class Named>
  bool code(const json::Value& value, Enum& to, Named named) {
    if (const auto number = integer_of<std::int32_t>(value)) {
      to = static_cast<Enum>(*number);
      return true;
    }
    if (!value.is_string()) return fail("is neither a code nor a name of one", value);
    const std::optional<Enum> known = named(value.as_string());
    if (!known) return fail("is neither a code nor a name of one", value);
    to = known.value();
    return true;
  }

  bool resource_spans(const json::Value& value);
  bool scope_spans(const json::Value& value, const std::shared_ptr<const Resource>& resource);
  bool spans(const json::Value& value, const std::shared_ptr<const Resource>& resource,
             const std::shared_ptr<const Scope>& scope);
  bool resource(const json::Value& value, Resource& to);
  bool entity(const json::Value& value, EntityRef& to);
  bool scope(const json::Value& value, Scope& to);
  bool span(const json::Value& value, Span& to);
  bool member_of(std::string_view key, const json::Value& value, Span& to);
  bool event(const json::Value& value, SpanEvent& to);
  bool link(const json::Value& value, SpanLink& to);
  bool attributes(const json::Value& value, Attributes& to, int depth = 1);
  bool value(const json::Value& value, AnyValue& to, int depth);

  bool time(const json::Value& value, std::int64_t& to, std::string_view path);
  template <class Id>
  bool id(const json::Value& value, Id& to, std::string_view path);
  void reject_span(std::string_view path, std::string what, const json::Value& value) {
    json::Faults faults;
    faults.add(std::string(path), std::move(what), &value);
    if (!fault_) fault_ = faults.list().front();
  }

  const std::int64_t now_ns_;
  const SpanLimits& limits_;
  DecodedSpans decoded_;
  Rejections rejections_{decoded_};
  Fault broken_;                // what ends the request
  bool has_too_many_ = false;   // spans
  std::optional<Fault> fault_;  // of the span that is read
  std::size_t spans_ = 0;
};

Error Decoder::error() && {
  if (has_too_many_)
    return Error{Code::too_large, fmt::format("the request has over {} spans", limits_.spans_max)};
  std::string message = fmt::format("{}: {} {}", k_malformed, broken_.path, broken_.message);
  if (!broken_.value.empty()) message += ": " + broken_.value;
  return Error{Code::malformed, std::move(message), {std::move(broken_)}};
}

bool Decoder::request(const json::Value& root) {
  return members(root, [&](std::string_view key, const json::Value& list) {
    if (key != "resourceSpans") return true;
    return elements(list, [&](std::size_t index, const json::Value& one) {
      rejections_.enter_resource(index);
      return resource_spans(one);
    });
  });
}

bool Decoder::resource_spans(const json::Value& value) {
  Resource resource;
  const json::Value* list = nullptr;
  const bool done = members(value, [&](std::string_view key, const json::Value& member) {
    if (key == "resource") return this->resource(member, resource);
    if (key == "schemaUrl") return text(member, resource.schema_url);
    if (key == "scopeSpans") list = &member;
    return true;
  });
  if (!done || list == nullptr) return done;
  const std::size_t before = decoded_.spans.size();
  const auto fault = fault_of(resource, limits_);
  const auto shared = std::make_shared<const Resource>(std::move(resource));
  const bool read = elements(*list, [&](std::size_t index, const json::Value& one) {
    rejections_.enter_scope(index);
    return scope_spans(one, shared);
  });
  if (!below(read, std::string_view("scopeSpans"))) return false;
  if (fault) {
    rejections_.reject(decoded_.spans.size() - before, rejections_.resource_path(), *fault);
    decoded_.spans.resize(before);
  }
  return true;
}

bool Decoder::scope_spans(const json::Value& value,
                          const std::shared_ptr<const Resource>& resource) {
  Scope scope;
  const json::Value* list = nullptr;
  const bool done = members(value, [&](std::string_view key, const json::Value& member) {
    if (key == "scope") return this->scope(member, scope);
    if (key == "schemaUrl") return text(member, scope.schema_url);
    if (key == "spans") list = &member;
    return true;
  });
  if (!done || list == nullptr) return done;
  const std::size_t before = decoded_.spans.size();
  const auto fault = fault_of(scope, limits_);
  const auto shared = std::make_shared<const Scope>(std::move(scope));
  if (!below(spans(*list, resource, shared), std::string_view("spans"))) return false;
  if (fault) {
    rejections_.reject(decoded_.spans.size() - before, rejections_.scope_path(), *fault);
    decoded_.spans.resize(before);
  }
  return true;
}

bool Decoder::spans(const json::Value& value, const std::shared_ptr<const Resource>& resource,
                    const std::shared_ptr<const Scope>& scope) {
  return elements(value, [&](std::size_t index, const json::Value& one) {
    has_too_many_ = ++spans_ > limits_.spans_max;
    if (has_too_many_) return false;
    Span span;
    span.resource = resource;
    span.scope = scope;
    fault_.reset();
    if (!this->span(one, span)) return false;
    if (!fault_) fault_ = fault_of_own(span, now_ns_, limits_);
    if (fault_) {
      rejections_.reject(1, rejections_.span_path(index), *fault_);
    } else {
      decoded_.spans.push_back(std::move(span));
    }
    return true;
  });
}

bool Decoder::resource(const json::Value& value, Resource& to) {
  return members(value, [&](std::string_view key, const json::Value& member) {
    if (key == "attributes") return attributes(member, to.attributes);
    if (key == "droppedAttributesCount") return count(member, to.dropped_attributes);
    if (key != "entityRefs") return true;
    to.entity_refs.clear();
    return elements(member, [&](std::size_t, const json::Value& one) {
      return entity(one, to.entity_refs.emplace_back());
    });
  });
}

bool Decoder::entity(const json::Value& value, EntityRef& to) {
  return members(value, [&](std::string_view key, const json::Value& member) {
    if (key == "schemaUrl") return text(member, to.schema_url);
    if (key == "type") return text(member, to.type);
    if (key == "idKeys") return texts(member, to.id_keys);
    if (key == "descriptionKeys") return texts(member, to.description_keys);
    return true;
  });
}

bool Decoder::scope(const json::Value& value, Scope& to) {
  return members(value, [&](std::string_view key, const json::Value& member) {
    if (key == "name") return text(member, to.name);
    if (key == "version") return text(member, to.version);
    if (key == "attributes") return attributes(member, to.attributes);
    if (key == "droppedAttributesCount") return count(member, to.dropped_attributes);
    return true;
  });
}

bool Decoder::span(const json::Value& value, Span& to) {
  return members(value, [&](std::string_view key, const json::Value& member) {
    return member_of(key, member, to);
  });
}

bool Decoder::member_of(std::string_view key, const json::Value& value, Span& to) {
  if (key == "traceId") return id(value, to.trace_id, "/traceId");
  if (key == "spanId") return id(value, to.span_id, "/spanId");
  if (key == "name") return text(value, to.name);
  if (key == "kind") return code(value, to.kind, span_kind_named);
  if (key == "startTimeUnixNano") return time(value, to.start_ns, "/startTimeUnixNano");
  if (key == "endTimeUnixNano") return time(value, to.end_ns, "/endTimeUnixNano");
  if (key == "attributes") return attributes(value, to.attributes);
  if (key == "traceState") return text(value, to.trace_state);
  if (key == "flags") return count(value, to.flags);
  if (key == "droppedAttributesCount") return count(value, to.dropped_attributes);
  if (key == "droppedEventsCount") return count(value, to.dropped_events);
  if (key == "droppedLinksCount") return count(value, to.dropped_links);
  if (key == "parentSpanId") {
    // Zero is none: some senders have it at roots.
    SpanId parent;
    if (!id(value, parent, "/parentSpanId")) return false;
    to.parent_span_id = parent.is_valid() ? std::optional(parent) : std::nullopt;
    return true;
  }
  if (key == "events") {
    to.events.clear();
    return elements(value, [&](std::size_t, const json::Value& one) {
      return event(one, to.events.emplace_back());
    });
  }
  if (key == "links") {
    to.links.clear();
    return elements(value, [&](std::size_t, const json::Value& one) {
      return link(one, to.links.emplace_back());
    });
  }
  if (key != "status") return true;
  return members(value, [&](std::string_view part, const json::Value& member) {
    if (part == "message") return text(member, to.status_message);
    if (part == "code") return code(member, to.status, status_code_named);
    return true;
  });
}

bool Decoder::event(const json::Value& value, SpanEvent& to) {
  return members(value, [&](std::string_view key, const json::Value& member) {
    if (key == "timeUnixNano") return time(member, to.time_ns, "/events");
    if (key == "name") return text(member, to.name);
    if (key == "attributes") return attributes(member, to.attributes);
    if (key == "droppedAttributesCount") return count(member, to.dropped_attributes);
    return true;
  });
}

bool Decoder::link(const json::Value& value, SpanLink& to) {
  return members(value, [&](std::string_view key, const json::Value& member) {
    if (key == "traceId") return id(member, to.trace_id, "/links");
    if (key == "spanId") return id(member, to.span_id, "/links");
    if (key == "traceState") return text(member, to.trace_state);
    if (key == "attributes") return attributes(member, to.attributes);
    if (key == "droppedAttributesCount") return count(member, to.dropped_attributes);
    if (key == "flags") return count(member, to.flags);
    return true;
  });
}

bool Decoder::attributes(const json::Value& value, Attributes& to, int depth) {
  to.clear();
  if (value.is_array()) to.reserve(value.items().size());
  return elements(value, [&](std::size_t, const json::Value& one) {
    Attribute& attribute = to.emplace_back();
    return members(one, [&](std::string_view key, const json::Value& member) {
      if (key == "key") return text(member, attribute.key);
      decoded_.ignored_indices += key == "keyStrindex";
      return key != "value" || this->value(member, attribute.value, depth);
    });
  });
}

bool Decoder::value(const json::Value& value, AnyValue& to, int depth) {
  if (depth > limits_.depth_max)
    return fail(fmt::format("is nested deeper than {} values", limits_.depth_max), value);
  return members(value, [&](std::string_view key, const json::Value& member) {
    if (key == "stringValue") return text(member, to.value.emplace<std::string>());
    if (key == "boolValue") {
      if (!member.is_bool()) return fail("is neither true nor false", member);
      to.value = member.as_bool();
    } else if (key == "intValue") {
      const auto number = integer_of<std::int64_t>(member);
      if (!number) return fail("is not a whole number of 64 bits", member);
      to.value = *number;
    } else if (key == "doubleValue") {
      const auto number = double_of(member);
      if (!number) return fail("is not a number", member);
      to.value = *number;
    } else if (key == "bytesValue") {
      auto bytes = member.is_string() ? base64_decode(member.as_string()) : std::nullopt;
      if (!bytes) return fail("is not base64", member);
      to.value = Bytes{*std::move(bytes)};
    } else if (key == "arrayValue") {
      Array& array = to.value.emplace<Array>();
      return members(member, [&](std::string_view part, const json::Value& list) {
        if (part != "values") return true;
        array.clear();
        return elements(list, [&](std::size_t, const json::Value& element) {
          return this->value(element, array.emplace_back(), depth + 1);
        });
      });
    } else if (key == "kvlistValue") {
      Attributes& list = to.value.emplace<Attributes>();
      return members(member, [&](std::string_view part, const json::Value& values) {
        return part != "values" || attributes(values, list, depth + 1);
      });
    } else if (key == "stringValueStrindex") {
      ++decoded_.ignored_indices;
    }
    return true;
  });
}

bool Decoder::time(const json::Value& value, std::int64_t& to, std::string_view path) {
  const auto number = integer_of<std::uint64_t>(value);
  if (!number) return fail("is not a whole number of 64 bits", value);
  if (!std::in_range<std::int64_t>(*number)) {
    reject_span(path, "is behind the year 2262", value);
  } else {
    to = static_cast<std::int64_t>(*number);
  }
  return true;
}

/// No digits: no id.
template <class Id>
bool Decoder::id(const json::Value& value, Id& to, std::string_view path) {
  if (!value.is_string()) return fail("is not a text", value);
  const std::string& text = value.as_string();
  if (const auto read = Id::from_hex(text)) {
    to = *read;
  } else if (text.empty()) {
    to = {};
  } else {
    reject_span(path, fmt::format("is not {} hex digits", 2 * sizeof(Id)), value);
  }
  return true;
}

/// What was noted of a text that is JSON: keys that repeat do not matter here.
const Fault* first_that_matters(const json::Faults& faults) {
  for (const Fault& fault : faults.list())
    if (fault.message != "duplicate key") return &fault;
  return faults.count() > faults.list().size() ? &faults.list().back() : nullptr;
}

}  // namespace

Result<DecodedSpans> decode_otlp_json(std::string_view text, std::int64_t now_ns,
                                      const SpanLimits& limits) {
  if (text.size() > limits.request_bytes_max)
    return Error{Code::too_large, fmt::format("the request has {} bytes", text.size())};
  json::ParseLimits parse_limits;
  parse_limits.bytes_max = limits.request_bytes_max;
  parse_limits.string_bytes_max = limits.request_bytes_max;  // too long ones are a span's fault
  parse_limits.values_max = limits.values_max;
  parse_limits.depth_max =
      16 + 4 * limits.depth_max;  // a value within another is four levels below
  json::Faults faults;
  auto root = json::parse_noting(text, faults, parse_limits);
  if (!root.ok()) {
    Error error = std::move(root).error();
    const bool is_too_large = error.message.find("more values than allowed") != std::string::npos;
    return Error{is_too_large ? Code::too_large : Code::malformed,
                 fmt::format("{}: {}", k_malformed, error.message), std::move(error.faults)};
  }
  if (const Fault* fault = first_that_matters(faults))
    return Error{
        Code::malformed,
        fmt::format("{}: {} {}: {}", k_malformed, fault->path, fault->message, fault->value),
        {*fault}};
  Decoder decoder(now_ns, limits);
  if (!decoder.request(*root)) return std::move(decoder).error();
  return std::move(decoder.decoded());
}

}  // namespace bl::traces
