#pragma once

#include "base/json.h"
#include "traces/span_tree.h"
#include "traces/trace_store.h"

/// The values of this domain as JSON of our own API (openapi_traces.yaml). Instants are decimal
/// texts of nanoseconds; offsets from the trace's start and lengths are numbers. Private to this
/// domain.
namespace bl::traces {

void encode(json::Writer& writer, const Window& window);
void encode(json::Writer& writer, const ReadCost& cost);
void encode(json::Writer& writer, const TraceSummary& summary);
/// The same without braces.
void write_summary(json::Writer& writer, const TraceSummary& summary);
void encode(json::Writer& writer, const StoreStatus& status);
/// `{"type","value"}`; integers are texts, bytes are base64.
void encode(json::Writer& writer, const AnyValue& value);
/// A list of `{"key","type","value"}`.
void encode(json::Writer& writer, const Attributes& attributes);

/// The members `resources`, `scopes` and `spans`: each resource and scope once, spans name them by
/// their place.
void write_spans(json::Writer& writer, const Spans& spans, std::int64_t trace_start_ns);
/// A span with its resource and scope.
void write_whole_span(json::Writer& writer, const Span& span, std::int64_t trace_start_ns,
                      std::int64_t self_ns);
/// What a list shows of a span.
void write_short_span(json::Writer& writer, const Span& span, std::int64_t trace_start_ns);
/// The member `partial_reason`.
void write_partial(json::Writer& writer, std::string_view reason);

template <class T>
std::string json_text(const T& value) {
  std::string text;
  json::Writer writer(text);
  encode(writer, value);
  return text;
}

}  // namespace bl::traces
