#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "traces/model.h"

/// Traces by seed: the same spans on every machine (spec/traces.md 7.9). Streams: memory goes with
/// the traces in flight, not with the spans made, so that ten million can be made in pieces.
namespace bl::traces {

/// Parts of a thousand: of all spans, but where something else is said.
struct TraceShape {
  std::uint64_t seed = 1;
  std::size_t services = 12;               ///< 1 to 10,000; few of them have most spans
  std::size_t operations_of_service = 12;  ///< names of spans
  std::int64_t start_ns = 1'750'000'000'000'000'000;
  std::int64_t step_ns = 259'200'000;      ///< between two spans: 10 M of them are 30 days
  std::size_t traces_in_flight = 16;       ///< their spans come mixed
  std::size_t spans_of_trace_max = 2'000;  ///< heavy tail: half have one or two, few very many
  std::size_t attribute_bytes_max = 65'536;
  int late = 10;          ///< come up to 20,000 spans behind their trace
  int very_late = 1;      ///< one more span for a trace that ended long ago
  int repeated = 5;       ///< a span of before once more
  int lost = 5;           ///< never come: their children are orphans
  int midnight = 10;      ///< of traces: they lie across a midnight (UTC)
  int errors = 30;        ///< status error
  int skewed = 3;         ///< start before their parent
  int big_values = 1;     ///< have a text of attribute_bytes_max at most
  int with_run_id = 300;  ///< of traces: `benchlake.run_id` stands at the root
};

/// One thread.
class TraceMaker {
 public:
  explicit TraceMaker(const TraceShape& shape = {});
  ~TraceMaker();
  Span next();
  Spans take(std::size_t count);

  /// What was made so far.
  struct Made {
    std::int64_t spans = 0;     ///< given, repeated ones too
    std::int64_t distinct = 0;  ///< by (trace, span id, kind)
    std::int64_t traces = 0;    ///< begun
    std::int64_t late = 0, very_late = 0, repeated = 0, lost = 0;
  };
  const Made& made() const { return made_; }

 private:
  struct Branch;
  struct Trace;
  struct Late {
    std::int64_t due;
    Span span;
  };
  std::uint64_t below(std::uint64_t bound) { return engine_() % bound; }
  bool chance(int of_a_thousand) {
    return below(1'000) < static_cast<std::uint64_t>(of_a_thousand);
  }
  Trace new_trace();
  std::optional<Span> begin_next();
  Span span_of(const TraceId& trace, const Branch& branch);
  void grow(Trace& trace, const Branch& branch, const SpanId& parent);
  Span another_of_old_trace();
  void remember(const Span& span);
  void dress(Span& span, std::size_t service);
  void add_events_and_links(Span& span);
  std::size_t some_service();
  std::shared_ptr<const Resource> resource_of(std::size_t service);

  TraceShape shape_;
  std::mt19937_64 engine_;
  std::int64_t now_;
  Made made_;
  std::vector<Trace> traces_;
  std::vector<Late> late_;    // a heap: the next one due in front
  std::vector<Span> recent_;  // some, to be repeated
  std::vector<Span> old_;     // some, whose traces may get another span
  std::vector<std::vector<std::shared_ptr<const Resource>>> resources_;  // by service: instances
  std::vector<std::shared_ptr<const Scope>> scopes_;
};

/// One trace of exactly that many spans, nothing late, lost or repeated: its root first. `depth`:
/// 0: as they come; else a chain of that depth at least (at most `spans`).
Spans one_trace(std::uint64_t seed, std::size_t spans, std::size_t depth = 0);

/// Spans as nobody writes them, but all that OTLP allows and fault_of() takes: any text, any value
/// nested, keys that repeat or are empty, codes that nobody knows, numbers at their ends.
Spans any_spans(std::uint64_t seed, std::size_t count);
AnyValue any_value(std::mt19937_64& engine, int depth_max = 6);
/// The `now` for which any_spans() are in time.
inline constexpr std::int64_t k_any_spans_now = 1'750'000'000'000'000'000;

}  // namespace bl::traces
