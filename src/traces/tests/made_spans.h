#pragma once

#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <utility>

#include "traces/model.h"

/// Spans written down in a line, for the tests of analysis/ and views/.
namespace bl::traces {

inline std::shared_ptr<const Resource> service(const std::string& name) {
  auto resource = std::make_shared<Resource>();
  resource->attributes.push_back({"service.name", AnyValue::Value(name)});
  return resource;
}

/// `parent` 0: a root.
inline Span made_span(std::uint64_t id, std::uint64_t parent, std::int64_t start_ns,
                      std::int64_t end_ns, std::string name = {},
                      SpanKind kind = SpanKind::internal) {
  static const auto resource = service("shop");
  static const auto scope = std::make_shared<const Scope>();
  Span span;
  span.trace_id = {0x5B8EFFF798038103ull, 0xD269B633813FC60Cull};
  span.span_id = {id};
  if (parent != 0) span.parent_span_id = SpanId{parent};
  span.name = name.empty() ? "span " + std::to_string(id) : std::move(name);
  span.kind = kind;
  span.start_ns = start_ns;
  span.end_ns = end_ns;
  span.resource = resource;
  span.scope = scope;
  return span;
}

/// What hostile and careless senders make: any parent (none, one that is not there, oneself, a
/// cycle), ids of two kinds, children outside of their parents; times so small that many are equal.
inline Spans random_spans(std::mt19937_64& random, std::size_t count_max = 12,
                          std::int64_t time_max = 12) {
  const auto upto = [&](std::uint64_t most) { return random() % (most + 1); };
  Spans spans;
  const std::size_t count = upto(count_max);
  for (std::size_t i = 0; i < count; ++i) {
    const std::int64_t start =
        static_cast<std::int64_t>(upto(static_cast<std::uint64_t>(time_max)));
    const std::int64_t end =
        start + static_cast<std::int64_t>(upto(static_cast<std::uint64_t>(time_max - start)));
    const std::uint64_t parent = upto(9) < 7 ? upto(i + 1) : upto(count + 3);
    spans.push_back(made_span(i + 1, parent, start, end, "op " + std::to_string(upto(3))));
    const bool shares_id = i > 0 && upto(9) == 0 && spans[i - 1].kind == SpanKind::internal;
    if (shares_id) {
      spans[i].span_id = spans[i - 1].span_id;
      spans[i].kind = SpanKind::server;
      spans[i - 1].kind = SpanKind::client;
      if (upto(1) == 0) spans[i].parent_span_id = spans[i - 1].parent_span_id;
    }
  }
  return spans;
}

}  // namespace bl::traces
