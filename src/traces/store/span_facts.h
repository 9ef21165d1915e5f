#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "columns/batch.h"
#include "traces/trace_store.h"

/// Spans without what only a full answer shows: what summaries, counts and calls are made of.
namespace bl::traces {

/// Names, each once.
class Names {
 public:
  std::uint32_t add(std::string_view name);
  const std::string& operator[](std::uint32_t no) const { return *names_[no]; }

 private:
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  std::unordered_map<std::string, std::uint32_t, Hash, std::equal_to<>> numbers_;
  std::vector<const std::string*> names_;
};

struct SpanFact {
  TraceId trace_id;
  SpanId span_id;
  SpanId parent;  ///< with has_parent
  std::int64_t start_ns = 0, end_ns = 0;
  std::uint32_t service = 0, name = 0, run_id = 0;  ///< of Names
  SpanKind kind = SpanKind::unspecified;
  StatusCode status = StatusCode::unset;
  bool has_parent = false;
  bool is_tied = false;  ///< it came again, and facts do not say which one counts; by settle()
};

/// Spans of any traces.
struct SpanFacts {
  Names names;
  std::vector<SpanFact> spans;

  /// The columns of `select`, of a batch of the table or of an answer. Errors: as SpanReader::read.
  Result<void> add(const columns::Batch& batch);
  void add(const Span& span);
  /// Of spans that came twice the one that counts stays (counts_before()); orders by trace, then by
  /// is_before(). Gives how many went.
  std::int64_t settle();
  /// Of settled spans [from, to) of one trace.
  TraceSummary summary(std::size_t from, std::size_t to) const;
  /// The end of the trace that begins at `from`.
  std::size_t end_of_trace(std::size_t from) const;
  /// Is it the one that counts, as far as facts say? The spans are settled.
  bool holds(const Span& span) const;

  static constexpr std::string_view k_select =
      "trace_high, trace_low, span_id, parent_span_id, start_ns, duration_ns, kind, status, "
      "service, name, run_id";
};

TraceFacts facts_of(const TraceSummary& summary);

}  // namespace bl::traces
