#include <array>
#include <limits>

#include "traces/testing/trace_maker.h"

namespace bl::traces {
namespace {

using Engine = std::mt19937_64;

std::uint64_t below(Engine& engine, std::uint64_t bound) {
  return engine() % bound;
}
bool one_in(Engine& engine, std::uint64_t count) {
  return below(engine, count) == 0;
}

std::string any_text(Engine& engine) {
  using namespace std::string_view_literals;
  static constexpr std::array k_parts{
      ""sv,       "a"sv,    "service.name"sv, "x\0y"sv,   "\n\r\t\"\\/"sv,      "é"sv,
      "日本語"sv, "🚧"sv,   "\x7f\x01"sv,     "NaN"sv,    "9007199254740993"sv, "e\u0301"sv,
      "\u2028"sv, "true"sv, "null"sv,         "\ufeff"sv, "<script>"sv,         "%s{}"sv};
  std::string text;
  for (std::uint64_t i = below(engine, 4); i > 0; --i)
    text += k_parts[below(engine, k_parts.size())];
  if (one_in(engine, 200)) text.append(below(engine, 70'000), 'z');
  return text;
}

std::int64_t any_integer(Engine& engine) {
  static constexpr std::array<std::int64_t, 8> k_edges{0,
                                                       1,
                                                       -1,
                                                       127,
                                                       128,
                                                       (1ll << 53) + 1,
                                                       std::numeric_limits<std::int64_t>::min(),
                                                       std::numeric_limits<std::int64_t>::max()};
  if (one_in(engine, 2)) return k_edges[below(engine, k_edges.size())];
  return static_cast<std::int64_t>(engine()) >> below(engine, 64);
}

double any_double(Engine& engine) {
  using limits = std::numeric_limits<double>;
  static constexpr std::array<double, 10> k_edges{0.0,
                                                  -0.0,
                                                  1.0,
                                                  0.1,
                                                  1e300,
                                                  limits::infinity(),
                                                  -limits::infinity(),
                                                  limits::quiet_NaN(),
                                                  limits::denorm_min(),
                                                  -limits::max()};
  if (one_in(engine, 2)) return k_edges[below(engine, k_edges.size())];
  return static_cast<double>(any_integer(engine)) / 1'024;
}

std::uint32_t any_count(Engine& engine) {
  if (!one_in(engine, 6)) return 0;
  return one_in(engine, 2) ? static_cast<std::uint32_t>(engine()) : 1;
}

Attributes any_attributes(Engine& engine, int depth_max) {
  Attributes attributes;
  for (std::uint64_t i = below(engine, 5); i > 0; --i)
    attributes.push_back({any_text(engine), any_value(engine, depth_max)});
  if (!attributes.empty() && one_in(engine, 8)) attributes.push_back(attributes.front());
  return attributes;
}

SpanId any_span_id(Engine& engine) {
  return {one_in(engine, 8) ? 1 : engine() | 1};
}
TraceId any_trace_id(Engine& engine) {
  return one_in(engine, 8) ? TraceId{0, 1} : TraceId{engine(), engine() | 1};
}

std::shared_ptr<const Resource> any_resource(Engine& engine) {
  Resource resource;
  resource.attributes = any_attributes(engine, 4);
  if (one_in(engine, 2)) resource.attributes.push_back({"service.name", any_text(engine)});
  resource.dropped_attributes = any_count(engine);
  if (one_in(engine, 4))
    resource.entity_refs.push_back(
        {any_text(engine), any_text(engine), {any_text(engine), ""}, {any_text(engine)}});
  if (one_in(engine, 8)) resource.entity_refs.emplace_back();
  resource.schema_url = any_text(engine);
  return std::make_shared<const Resource>(std::move(resource));
}

std::shared_ptr<const Scope> any_scope(Engine& engine) {
  if (one_in(engine, 4)) return std::make_shared<const Scope>();
  Scope scope{any_text(engine), any_text(engine), any_attributes(engine, 4)};
  scope.dropped_attributes = any_count(engine);
  scope.schema_url = any_text(engine);
  return std::make_shared<const Scope>(std::move(scope));
}

/// Of the instants that OTLP can say, those that we can, too.
std::int64_t any_time(Engine& engine) {
  return any_integer(engine) & std::numeric_limits<std::int64_t>::max();
}

template <class Enum>
Enum any_code(Engine& engine, std::uint64_t known) {
  if (!one_in(engine, 20)) return static_cast<Enum>(below(engine, known));
  return static_cast<Enum>(static_cast<std::int32_t>(engine()));
}

void add_times(Engine& engine, Span& span) {
  constexpr std::int64_t k_year = 366ll * 86'400 * 1'000'000'000;
  span.start_ns = k_any_spans_now - static_cast<std::int64_t>(below(engine, 9 * k_year));
  if (!one_in(engine, 4)) span.end_ns = static_cast<std::int64_t>(below(engine, k_year));
  span.end_ns += span.start_ns;
}

Span any_span(Engine& engine) {
  Span span;
  span.trace_id = any_trace_id(engine);
  span.span_id = any_span_id(engine);
  if (!one_in(engine, 3)) span.parent_span_id = any_span_id(engine);
  span.trace_state = any_text(engine);
  span.flags = any_count(engine);
  span.name = any_text(engine);
  span.kind = any_code<SpanKind>(engine, 6);
  add_times(engine, span);
  span.attributes = any_attributes(engine, 6);
  span.dropped_attributes = any_count(engine);
  for (std::uint64_t i = below(engine, 3); i > 0; --i)
    span.events.push_back(
        {any_time(engine), any_text(engine), any_attributes(engine, 3), any_count(engine)});
  span.dropped_events = any_count(engine);
  for (std::uint64_t i = below(engine, 3); i > 0; --i)
    span.links.push_back({any_trace_id(engine), any_span_id(engine), any_text(engine),
                          any_attributes(engine, 3), any_count(engine), any_count(engine)});
  span.dropped_links = any_count(engine);
  span.status = any_code<StatusCode>(engine, 3);
  span.status_message = any_text(engine);
  return span;
}

}  // namespace

AnyValue any_value(Engine& engine, int depth_max) {
  switch (below(engine, depth_max > 0 ? 9 : 6)) {
    case 0:
      return AnyValue();
    case 1:
      return AnyValue(one_in(engine, 2));
    case 2:
      return AnyValue(any_integer(engine));
    case 3:
      return AnyValue(any_double(engine));
    case 4: {
      std::string bytes(below(engine, 6), '\0');
      for (char& c : bytes) c = static_cast<char>(engine());
      return AnyValue(Bytes{std::move(bytes)});
    }
    case 6: {
      Array array;
      for (std::uint64_t i = below(engine, 4); i > 0; --i)
        array.push_back(any_value(engine, depth_max - 1));
      return AnyValue(std::move(array));
    }
    case 7:
      return AnyValue(any_attributes(engine, depth_max - 1));
    default:
      return AnyValue(any_text(engine));
  }
}

Spans any_spans(std::uint64_t seed, std::size_t count) {
  Engine engine(seed);
  Spans spans;
  std::shared_ptr<const Resource> resource = any_resource(engine);
  std::shared_ptr<const Scope> scope = any_scope(engine);
  while (spans.size() < count) {
    if (one_in(engine, 4)) resource = any_resource(engine);
    if (one_in(engine, 3)) scope = any_scope(engine);
    spans.push_back(any_span(engine));
    spans.back().resource = resource;
    spans.back().scope = scope;
  }
  return spans;
}

}  // namespace bl::traces
