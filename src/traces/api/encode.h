#pragma once

#include "base/json.h"
#include "traces/span_tree.h"
#include "traces/trace_store.h"

/// The values of this domain as JSON of our own API (openapi_traces.yaml). Nanoseconds, and
/// integers that JavaScript cannot hold, are decimal texts. Private to this domain.
namespace bl::traces {

void encode(json::Writer& writer, const Window& window);
void encode(json::Writer& writer, const ReadCost& cost);
void encode(json::Writer& writer, const TraceSummary& summary);
void encode(json::Writer& writer, const StoreStatus& status);
void encode(json::Writer& writer, const AnyValue& value);
/// Of the store: canonical, each key once.
void encode(json::Writer& writer, const Attributes& attributes);

/// The members `resources`, `scopes` and `spans`: each resource and scope once, spans name them by
/// their place.
void write_spans(json::Writer& writer, const Spans& spans);
/// A span of a search: without resource, scope, events and links.
void write_short_span(json::Writer& writer, const Span& span);

template <class T>
std::string json_text(const T& value) {
  std::string text;
  json::Writer writer(text);
  encode(writer, value);
  return text;
}

}  // namespace bl::traces
