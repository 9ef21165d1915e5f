#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/trace_id.h"

/// Spans as OpenTelemetry has them (spec/traces.md 3): values and their rules; no I/O. Nothing of
/// OTLP is lost: what comes in goes out again, but for the order of attributes (canonical() below).
namespace bl::traces {

struct AnyValue;
struct Attribute;
/// As sent: in the sender's order, keys may repeat. canonical() sorts them.
using Attributes = std::vector<Attribute>;
struct Bytes {
  std::string bytes;
  bool operator==(const Bytes&) const = default;
};
using Array = std::vector<AnyValue>;

/// A value of an attribute. The empty value (monostate) differs from the empty text.
struct AnyValue {
  using Value = std::variant<std::monostate, std::string, bool, std::int64_t, double, Bytes, Array,
                             Attributes>;
  AnyValue();
  /// Implicit: `Attribute{"http.status", 200}`.
  template <class T>
    requires(!std::same_as<std::remove_cvref_t<T>, AnyValue> && std::constructible_from<Value, T>)
  AnyValue(T&& v) : value(std::forward<T>(v)) {}  // NOLINT
  AnyValue(const AnyValue&);
  AnyValue(AnyValue&&) noexcept;
  AnyValue& operator=(const AnyValue&);
  AnyValue& operator=(AnyValue&&) noexcept;
  ~AnyValue();
  /// NaN equals NaN, 0.0 differs from -0.0: by bits.
  bool operator==(const AnyValue& other) const;
  Value value;
};
struct Attribute {
  std::string key;
  AnyValue value;
  bool operator==(const Attribute&) const = default;
};

/// The last one of that key; null when there is none.
const AnyValue* find(const Attributes& attributes, std::string_view key);

enum class SpanKind : std::int32_t {
  unspecified = 0,  ///< to be taken as internal
  internal = 1,
  server = 2,
  client = 3,
  producer = 4,
  consumer = 5,
};
enum class StatusCode : std::int32_t { unset = 0, ok = 1, error = 2 };

/// `internal`, `server`, ...; `unset`, `ok`, `error`. Of codes that are not known: empty.
std::string_view name_of(SpanKind kind);
std::string_view name_of(StatusCode code);
/// Short names (`server`) and OTLP's (`SPAN_KIND_SERVER`), in any case.
std::optional<SpanKind> span_kind_named(std::string_view name);
std::optional<StatusCode> status_code_named(std::string_view name);

/// A reference to an entity (OTLP's EntityRef), kept as it came.
struct EntityRef {
  std::string schema_url, type;
  std::vector<std::string> id_keys, description_keys;
  bool operator==(const EntityRef&) const = default;
};

/// Who made spans: one for many spans, shared.
struct Resource {
  Attributes attributes;
  std::uint32_t dropped_attributes = 0;
  std::vector<EntityRef> entity_refs;
  std::string schema_url;
  bool operator==(const Resource&) const = default;
};
/// By which library.
struct Scope {
  std::string name, version;
  Attributes attributes;
  std::uint32_t dropped_attributes = 0;
  std::string schema_url;
  bool operator==(const Scope&) const = default;
};

struct SpanEvent {
  std::int64_t time_ns = 0;
  std::string name;
  Attributes attributes;
  std::uint32_t dropped_attributes = 0;
  bool operator==(const SpanEvent&) const = default;
};
struct SpanLink {
  TraceId trace_id;
  SpanId span_id;
  std::string trace_state;
  Attributes attributes;
  std::uint32_t dropped_attributes = 0;
  std::uint32_t flags = 0;
  bool operator==(const SpanLink&) const = default;
};

/// Times are nanoseconds since 1970-01-01T00:00:00Z.
struct Span {
  TraceId trace_id;
  SpanId span_id;
  std::optional<SpanId> parent_span_id;  ///< nullopt: a root
  std::string trace_state;
  std::uint32_t flags = 0;
  std::string name;
  SpanKind kind = SpanKind::unspecified;
  std::int64_t start_ns = 0;
  std::int64_t end_ns = 0;  ///< at or behind the start
  Attributes attributes;
  std::uint32_t dropped_attributes = 0;
  std::vector<SpanEvent> events;  ///< in the sender's order
  std::uint32_t dropped_events = 0;
  std::vector<SpanLink> links;  ///< in the sender's order
  std::uint32_t dropped_links = 0;
  StatusCode status = StatusCode::unset;
  std::string status_message;
  std::shared_ptr<const Resource> resource;  ///< never null
  std::shared_ptr<const Scope> scope;        ///< never null

  std::int64_t duration_ns() const { return end_ns - start_ns; }
  /// Resources and scopes by their values.
  bool operator==(const Span& other) const;
};
using Spans = std::vector<Span>;

/// `service.name` of the resource; `unknown_service` when it is missing, empty or no text.
std::string_view service_of(const Resource& resource);
inline constexpr std::string_view k_unknown_service = "unknown_service";
/// `benchlake.run_id` of the span or else of its resource; else `cicd.pipeline.run.id`; empty:
/// none.
std::string_view run_id_of(const Span& span);

/// Attributes sorted by key (bytes), in lists of keys and values too; of equal keys the last stays.
/// Gives how many went. The order of events and links stays.
std::size_t make_canonical(Attributes& attributes);
std::size_t make_canonical(Span& span);  ///< its resource and scope are not touched
std::size_t make_canonical(Resource& resource);
std::size_t make_canonical(Scope& scope);
/// The order of spans in every answer: start, then span id, then kind, then end.
bool is_before(const Span& a, const Span& b);

/// Bounds of what is taken in; each has a test. A request over them is refused or a span rejected
/// by name, never cut.
struct SpanLimits {
  std::size_t request_bytes_max = 64u << 20;   ///< decoded
  std::size_t spans_max = 200'000;             ///< of one request
  int depth_max = 64;                          ///< of nested values
  std::size_t attributes_max = 1'024;          ///< of one span, event, link, resource or scope
  std::size_t attribute_bytes_max = 1u << 20;  ///< key and value
  std::size_t span_bytes_max = 4u << 20;
  std::size_t events_max = 10'000;  ///< of one span
  std::size_t links_max = 10'000;   ///< of one span
  /// Attributes, elements of lists, events, links of one request: what bounds its memory, as each
  /// may be two bytes on the wire.
  std::size_t values_max = 4'000'000;
  /// Starts outside are rejected: hostile clocks. Nanoseconds before and behind now.
  std::int64_t past_ns_max = 10ll * 366 * 86'400 * 1'000'000'000;
  std::int64_t future_ns_max = 86'400ll * 1'000'000'000;
  std::int64_t duration_ns_max = 366ll * 86'400 * 1'000'000'000;
};

/// Why a span is not taken; nullopt: it is. The path is that of OTLP/JSON within the span:
/// `/traceId`, `/events/2/attributes/0`; `/resource/attributes/1`, `/scope/...` for what it shares.
std::optional<Fault> fault_of(const Span& span, std::int64_t now_ns, const SpanLimits& limits = {});

}  // namespace bl::traces
