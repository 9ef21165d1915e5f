#include <bit>
#include <limits>

#include <fmt/format.h>

#include "base/hash.h"
#include "base/protobuf.h"
#include "base/utf8.h"
#include "traces/model/limits.h"
#include "traces/otlp.h"
#include "traces/wire/rejections.h"

/// Fields as opentelemetry-proto numbers them (spec/traces.md 3.1). Two passes over a message whose
/// parts depend on each other: a resource's schema URL stands behind its spans. What is not known
/// is passed over; `*_strindex` (of profiles) too, so that such a value is empty.
namespace bl::traces {
namespace {

using protobuf::Field;
using protobuf::Reader;
using protobuf::Type;

/// Every method gives false when the request is broken; error() then says why.
class Decoder {
 public:
  Decoder(std::int64_t now_ns, const SpanLimits& limits) : now_ns_(now_ns), limits_(limits) {}

  bool request(std::string_view bytes);
  bool value(Reader reader, AnyValue& to, int depth);
  DecodedSpans& decoded() { return decoded_; }
  Error error() && { return std::move(*error_); }

 private:
  bool fail(std::size_t offset, std::string_view what) {
    error_ = Error{Code::malformed, fmt::format("the protobuf {} at byte {}", what, offset)};
    return false;
  }
  bool fail(const Field& field, std::string_view what) {
    return fail(field.offset, fmt::format("{} in field {}", what, field.number));
  }
  /// Of a reader that gave its last field.
  bool is_whole(const Reader& reader) {
    return reader.fault() == nullptr || fail(reader.fault_offset(), reader.fault());
  }
  template <class Visit>
  bool fields(Reader reader, Visit visit) {
    for (Field field; reader.next(field);)
      if (!visit(field)) return false;
    return is_whole(reader);
  }
  bool is(const Field& field, Type type) {
    return field.type == type || fail(field, "has another type");
  }
  bool message(const Field& field) { return is(field, Type::bytes); }
  bool text(const Field& field, std::string& to) {
    if (!is(field, Type::bytes)) return false;
    if (!is_utf8(field.bytes)) return fail(field, "has no UTF-8");
    to = field.bytes;
    return true;
  }
  bool count(const Field& field, std::uint32_t& to) {
    if (!is(field, Type::varint)) return false;
    to = static_cast<std::uint32_t>(field.value);
    return true;
  }
  bool flags(const Field& field, std::uint32_t& to) {
    if (!is(field, Type::fixed32)) return false;
    to = static_cast<std::uint32_t>(field.value);
    return true;
  }
  template <class Enum>
  bool code(const Field& field, Enum& to) {
    if (!is(field, Type::varint)) return false;
    to = static_cast<Enum>(static_cast<std::int32_t>(field.value));
    return true;
  }
  bool one_more_value() {
    if (++values_ <= limits_.values_max) return true;
    error_ = Error{Code::too_large, fmt::format("the request has over {} values of attributes, "
                                                "events and links",
                                                limits_.values_max)};
    return false;
  }

  bool resource_spans(const Field& message);
  bool scope_spans(const Field& message, const std::shared_ptr<const Resource>& resource);
  bool resource(const Field& message, Resource& to);
  bool entity(const Field& message, EntityRef& to);
  bool scope(const Field& message, Scope& to);
  bool span(const Field& message, Span& to);
  bool member_of(const Field& field, Span& to);
  bool event(const Field& message, SpanEvent& to);
  bool link(const Field& message, SpanLink& to);
  bool status(const Field& message, Span& to);
  bool attribute(const Field& message, Attributes& to, int depth = 1);
  bool reserve_lists(const Field& message, Span& to);

  bool time(const Field& field, std::int64_t& to, std::string_view path);
  template <class Id>
  bool id(const Field& field, Id& to, std::string_view path);
  /// Of the span that is read; the first one stays.
  void reject_span(std::string_view path, std::string_view what, std::string value) {
    if (!fault_) fault_ = Fault{std::string(path), std::string(what), std::move(value)};
  }

  const std::int64_t now_ns_;
  const SpanLimits& limits_;
  DecodedSpans decoded_;
  Rejections rejections_{decoded_};
  std::optional<Error> error_;
  std::optional<Fault> fault_;  // of the span that is read
  std::optional<Fault> resource_fault_, scope_fault_;
  std::size_t spans_ = 0, values_ = 0;
};

bool Decoder::request(std::string_view bytes) {
  std::size_t index = 0;
  return fields(Reader(bytes), [&](const Field& field) {
    if (field.number != 1) return true;
    rejections_.enter_resource(index++);
    return message(field) && resource_spans(field);
  });
}

bool Decoder::resource_spans(const Field& message) {
  Resource resource;
  bool done = fields(Reader(message), [&](const Field& field) {
    if (field.number == 1) return this->message(field) && this->resource(field, resource);
    if (field.number == 3) return text(field, resource.schema_url);
    return true;
  });
  if (!done) return false;
  resource_fault_ = fault_of(resource, limits_);
  const auto shared = std::make_shared<const Resource>(std::move(resource));
  std::size_t index = 0;
  return fields(Reader(message), [&](const Field& field) {
    if (field.number != 2) return true;
    rejections_.enter_scope(index++);
    return this->message(field) && scope_spans(field, shared);
  });
}

bool Decoder::scope_spans(const Field& message, const std::shared_ptr<const Resource>& resource) {
  Scope scope;
  std::size_t count = 0;
  bool done = fields(Reader(message), [&](const Field& field) {
    if (field.number == 1) return this->message(field) && this->scope(field, scope);
    if (field.number == 2) ++count;
    if (field.number == 3) return text(field, scope.schema_url);
    return true;
  });
  if (!done) return false;
  spans_ += count;
  if (spans_ > limits_.spans_max) {
    error_ =
        Error{Code::too_large, fmt::format("the request has over {} spans", limits_.spans_max)};
    return false;
  }
  scope_fault_ = fault_of(scope, limits_);
  const auto shared = std::make_shared<const Scope>(std::move(scope));
  std::size_t index = 0;
  done = fields(Reader(message), [&](const Field& field) {
    if (field.number != 2) return true;
    Span span;
    span.resource = resource;
    span.scope = shared;
    if (!this->message(field) || !this->span(field, span)) return false;
    const std::size_t at = index++;
    if (resource_fault_ || scope_fault_) return true;  // all are rejected below
    if (!fault_) fault_ = fault_of_own(span, now_ns_, limits_);
    if (fault_) {
      rejections_.reject(1, rejections_.span_path(at), *fault_);
    } else {
      decoded_.spans.push_back(std::move(span));
    }
    return true;
  });
  if (!done) return false;
  if (resource_fault_) {
    rejections_.reject(count, rejections_.resource_path(), *resource_fault_);
  } else if (scope_fault_) {
    rejections_.reject(count, rejections_.scope_path(), *scope_fault_);
  }
  return true;
}

bool Decoder::resource(const Field& message, Resource& to) {
  return fields(Reader(message), [&](const Field& field) {
    if (field.number == 1) return attribute(field, to.attributes);
    if (field.number == 2) return count(field, to.dropped_attributes);
    if (field.number != 3) return true;
    return this->message(field) && one_more_value() && entity(field, to.entity_refs.emplace_back());
  });
}

bool Decoder::entity(const Field& message, EntityRef& to) {
  return fields(Reader(message), [&](const Field& field) {
    switch (field.number) {
      case 1:
        return text(field, to.schema_url);
      case 2:
        return text(field, to.type);
      case 3:
        return one_more_value() && text(field, to.id_keys.emplace_back());
      case 4:
        return one_more_value() && text(field, to.description_keys.emplace_back());
      default:
        return true;
    }
  });
}

bool Decoder::scope(const Field& message, Scope& to) {
  return fields(Reader(message), [&](const Field& field) {
    switch (field.number) {
      case 1:
        return text(field, to.name);
      case 2:
        return text(field, to.version);
      case 3:
        return attribute(field, to.attributes);
      case 4:
        return count(field, to.dropped_attributes);
      default:
        return true;
    }
  });
}

/// Lists get their room at once: growing would move each element several times.
bool Decoder::reserve_lists(const Field& message, Span& to) {
  std::size_t attributes = 0, events = 0, links = 0;
  const bool done = fields(Reader(message), [&](const Field& field) {
    attributes += field.number == 9;
    events += field.number == 11;
    links += field.number == 13;
    return true;
  });
  if (!done) return false;
  to.attributes.reserve(std::min(attributes, limits_.attributes_max));
  to.events.reserve(std::min(events, limits_.events_max));
  to.links.reserve(std::min(links, limits_.links_max));
  return true;
}

bool Decoder::span(const Field& message, Span& to) {
  fault_.reset();
  return reserve_lists(message, to) &&
         fields(Reader(message), [&](const Field& field) { return member_of(field, to); });
}

bool Decoder::member_of(const Field& field, Span& to) {
  switch (field.number) {
    case 1:
      return id(field, to.trace_id, "/traceId");
    case 2:
      return id(field, to.span_id, "/spanId");
    case 3:
      return text(field, to.trace_state);
    case 4: {
      // Zero is none: some senders have it at roots.
      SpanId parent;
      if (!id(field, parent, "/parentSpanId")) return false;
      to.parent_span_id = parent.is_valid() ? std::optional(parent) : std::nullopt;
      return true;
    }
    case 5:
      return text(field, to.name);
    case 6:
      return code(field, to.kind);
    case 7:
      return time(field, to.start_ns, "/startTimeUnixNano");
    case 8:
      return time(field, to.end_ns, "/endTimeUnixNano");
    case 9:
      return attribute(field, to.attributes);
    case 10:
      return count(field, to.dropped_attributes);
    case 11:
      return message(field) && one_more_value() && event(field, to.events.emplace_back());
    case 12:
      return count(field, to.dropped_events);
    case 13:
      return message(field) && one_more_value() && link(field, to.links.emplace_back());
    case 14:
      return count(field, to.dropped_links);
    case 15:
      return message(field) && status(field, to);
    case 16:
      return flags(field, to.flags);
    default:
      return true;
  }
}

bool Decoder::event(const Field& message, SpanEvent& to) {
  return fields(Reader(message), [&](const Field& field) {
    switch (field.number) {
      case 1:
        return time(field, to.time_ns, "/events");
      case 2:
        return text(field, to.name);
      case 3:
        return attribute(field, to.attributes);
      case 4:
        return count(field, to.dropped_attributes);
      default:
        return true;
    }
  });
}

bool Decoder::link(const Field& message, SpanLink& to) {
  return fields(Reader(message), [&](const Field& field) {
    switch (field.number) {
      case 1:
        return id(field, to.trace_id, "/links");
      case 2:
        return id(field, to.span_id, "/links");
      case 3:
        return text(field, to.trace_state);
      case 4:
        return attribute(field, to.attributes);
      case 5:
        return count(field, to.dropped_attributes);
      case 6:
        return flags(field, to.flags);
      default:
        return true;
    }
  });
}

/// 2 and 3: 1 is what an older version had.
bool Decoder::status(const Field& message, Span& to) {
  return fields(Reader(message), [&](const Field& field) {
    if (field.number == 2) return text(field, to.status_message);
    if (field.number == 3) return code(field, to.status);
    return true;
  });
}

bool Decoder::attribute(const Field& message, Attributes& to, int depth) {
  if (!this->message(message) || !one_more_value()) return false;
  Attribute& one = to.emplace_back();
  return fields(Reader(message), [&](const Field& field) {
    if (field.number == 1) return text(field, one.key);
    decoded_.ignored_indices += field.number == 3;
    if (field.number != 2) return true;
    return this->message(field) && value(Reader(field), one.value, depth);
  });
}

/// Of a oneof the last one stays; a list that comes again is continued, as protobuf merges
/// messages.
bool Decoder::value(Reader reader, AnyValue& to, int depth) {
  if (depth > limits_.depth_max)
    return fail(reader.fault_offset(), fmt::format("is nested deeper than {} values", depth - 1));
  return fields(reader, [&](const Field& field) {
    switch (field.number) {
      case 1:
        return text(field, to.value.emplace<std::string>());
      case 2:
        to.value = field.value != 0;
        return is(field, Type::varint);
      case 3:
        to.value = static_cast<std::int64_t>(field.value);
        return is(field, Type::varint);
      case 4:
        to.value = std::bit_cast<double>(field.value);
        return is(field, Type::fixed64);
      case 5: {
        if (!message(field)) return false;
        if (!std::holds_alternative<Array>(to.value)) to.value.emplace<Array>();
        Array& array = std::get<Array>(to.value);
        return fields(Reader(field), [&](const Field& element) {
          if (element.number != 1) return true;
          return message(element) && one_more_value() &&
                 value(Reader(element), array.emplace_back(), depth + 1);
        });
      }
      case 6: {
        if (!message(field)) return false;
        if (!std::holds_alternative<Attributes>(to.value)) to.value.emplace<Attributes>();
        Attributes& members = std::get<Attributes>(to.value);
        return fields(Reader(field), [&](const Field& member) {
          return member.number != 1 || attribute(member, members, depth + 1);
        });
      }
      case 7:
        to.value.emplace<Bytes>().bytes = field.bytes;
        return message(field);
      case 8:
        ++decoded_.ignored_indices;
        return true;
      default:
        return true;
    }
  });
}

bool Decoder::time(const Field& field, std::int64_t& to, std::string_view path) {
  if (!is(field, Type::fixed64)) return false;
  if (field.value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    reject_span(path, "is behind the year 2262", std::to_string(field.value));
  } else {
    to = static_cast<std::int64_t>(field.value);
  }
  return true;
}

/// No bytes: no id.
template <class Id>
bool Decoder::id(const Field& field, Id& to, std::string_view path) {
  if (!message(field)) return false;
  constexpr std::size_t k_shown_max = 32;
  if (const auto read = Id::from_bytes(field.bytes)) {
    to = *read;
  } else if (field.bytes.empty()) {
    to = {};
  } else {
    reject_span(path, fmt::format("is not {} bytes long", sizeof(Id)),
                fmt::format("\"{}\"",
                            to_hex(std::as_bytes(std::span(field.bytes.substr(0, k_shown_max))))));
  }
  return true;
}

}  // namespace

Result<DecodedSpans> decode_otlp_protobuf(std::string_view bytes, std::int64_t now_ns,
                                          const SpanLimits& limits) {
  if (bytes.size() > limits.request_bytes_max)
    return Error{Code::too_large, fmt::format("the request has {} bytes", bytes.size())};
  Decoder decoder(now_ns, limits);
  if (!decoder.request(bytes)) return std::move(decoder).error();
  return std::move(decoder.decoded());
}

Result<AnyValue> decode_any_value(std::string_view bytes, const SpanLimits& limits) {
  Decoder decoder(0, limits);
  AnyValue value;
  if (!decoder.value(Reader(bytes), value, 1)) return std::move(decoder).error();
  return value;
}

}  // namespace bl::traces
