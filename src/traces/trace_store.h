#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "traces/filter.h"
#include "traces/model.h"

/// Where spans are kept and found again (spec/traces.md 7.2-7.6).
namespace bl::traces {

/// Nanoseconds, half open: the start is in, the end is not. Used everywhere; pad() widens it and
/// never wraps around.
struct Window {
  std::int64_t start_ns = 0, end_ns = 0;
  bool operator==(const Window&) const = default;
  bool contains(std::int64_t at) const { return at >= start_ns && at < end_ns; }
  Window pad(std::int64_t by_ns) const;
};

/// How a trace was found; in this order they are tried.
enum class LookupPath : unsigned char {
  hint,     ///< the caller's window
  bounds,   ///< the known extent of the trace
  recent,   ///< what is in no file yet, and the newest files
  windows,  ///< larger and larger ones
  full,     ///< everything
};
std::string_view name_of(LookupPath path);

/// What an answer cost and where it was looked for; part of every answer.
struct ReadCost {
  std::optional<LookupPath> path;  ///< by id only
  std::optional<Window> searched;  ///< nullopt: everything
  std::int64_t files_considered = 0, files_pruned = 0, files_read = 0;
  std::int64_t row_groups_considered = 0, row_groups_read = 0;
  std::int64_t bytes_read = 0;  ///< of files, before decompression
  std::int64_t requests = 0;    ///< to the store of objects; a local file's read counts as one
  std::int64_t cache_hits = 0;
  std::int64_t data_version = 0;  ///< the snapshot
  std::int64_t fallbacks = 0;     ///< paths that were tried before and did not end it
};

struct ServiceCount {
  std::string name;
  std::int64_t spans = 0, errors = 0;
  bool operator==(const ServiceCount&) const = default;
};
/// A trace as a whole: the same whichever way and window found it. A span that came twice counts
/// once, by (span id, kind).
struct TraceSummary {
  TraceId id;
  std::int64_t start_ns = 0, end_ns = 0;  ///< end: the greatest end of a span, not of a start
  std::int64_t spans = 0, errors = 0, orphans = 0;  ///< orphans: the parent is not there
  /// Of the root: no parent, the earliest by is_before(); nullopt: no root came (yet).
  std::optional<std::string> root_service, root_name;
  std::vector<ServiceCount> services;  ///< by name
  std::string run_id;                  ///< of the first span that has one
  bool operator==(const TraceSummary&) const = default;
};

struct TraceQuery {
  TraceId id;
  std::optional<Window> hint;
  std::int64_t hint_pad_ns = 300'000'000'000;  ///< put around the hint
  bool allow_full = true;
  std::size_t spans_max = 50'000;  ///< of one page
  /// Spans behind this one, by is_before(); of a page before.
  struct After {
    std::int64_t start_ns = 0;
    SpanId span_id;
    SpanKind kind = SpanKind::unspecified;
  };
  std::optional<After> after;
  /// Only this span and those that name it as their parent; the summary stays that of the trace.
  std::optional<SpanId> family;
  bool wants(const SpanId& span, const std::optional<SpanId>& parent) const {
    return !family || span == *family || parent == family;
  }
  /// Only this way, for tests and measurements; what it does not find is partial.
  std::optional<LookupPath> only;
};
struct TraceAnswer {
  Spans spans;           ///< canonical, in the order of is_before()
  TraceSummary summary;  ///< of the whole trace, also on later pages
  bool has_more = false;
  std::int64_t repeated = 0;   ///< spans that came again
  std::string partial_reason;  ///< empty: the answer is the whole
  ReadCost cost;
};

struct SearchQuery {
  Window window;  ///< of starts of spans; in every query, so that nothing is read without bounds
  SpanFilter filter;
  std::size_t limit = 20;               ///< traces
  std::size_t spans_of_trace = 3;       ///< matching spans that are given with each
  std::string page;                     ///< token of a page before; empty: the first
  std::size_t candidates_max = 50'000;  ///< traces looked at; more: partial
};
struct TraceHit {
  TraceSummary summary;
  Spans spans;               ///< the first matching ones
  std::int64_t matched = 0;  ///< matching spans of the window
};
/// Newest first: by the greatest start of a matching span, then by id. Pages are stable while spans
/// come in.
struct SearchAnswer {
  std::vector<TraceHit> traces;
  std::string next_page;  ///< empty: that was all
  std::string partial_reason;
  ReadCost cost;
};

struct Operation {
  std::string name;
  SpanKind kind = SpanKind::unspecified;
  bool operator==(const Operation&) const = default;
};
struct AttributeKey {
  AttributePlace place = AttributePlace::span;
  std::string key;
  bool operator==(const AttributeKey&) const = default;
};
struct Dependency {
  std::string parent, child;  ///< services
  std::int64_t calls = 0;
  bool operator==(const Dependency&) const = default;
};

struct MetricQuery {
  Window window;
  std::int64_t step_ns = 60'000'000'000;  ///< buckets begin at multiples of it (UTC)
  SpanFilter filter;
  bool by_operation = false;  ///< else by service only
};
struct MetricSeries {
  std::string service, operation;
  struct Bucket {
    std::int64_t start_ns = 0;
    std::int64_t spans = 0, errors = 0;
    double p50_ns = 0, p95_ns = 0, p99_ns = 0;  ///< exact, nearest rank
  };
  std::vector<Bucket> buckets;  ///< those with spans, by time
};
struct MetricAnswer {
  std::vector<MetricSeries> series;  ///< by service, operation
  ReadCost cost;
};

struct StoreStatus {
  std::int64_t spans = 0;   ///< rows; repeated ones count until they are compacted
  std::int64_t traces = 0;  ///< that bounds are known of, and those in no file yet
  std::int64_t files = 0, bytes = 0;
  std::int64_t tail_spans = 0;
  std::int64_t resident_bytes = 0;  ///< of helpers in memory, by our own count
  bool bounds_complete = false;     ///< "not found" is definite
  std::int64_t data_version = 0;
};

struct Ingested {
  std::int64_t spans = 0;
  bool repeated = false;  ///< the same request was there already
};

/// What expire() did, or would do.
struct ExpiredSpans {
  std::int64_t before_ns = 0;  ///< a midnight (UTC): spans that began earlier went
  std::int64_t spans = 0;      ///< rows that went
  std::int64_t files = 0;      ///< that went, or were made again without them
  std::int64_t kept = 0;       ///< rows from before, of pinned traces
  bool operator==(const ExpiredSpans&) const = default;
};
enum class Expiry : unsigned char { done, told };

/// Threads: any. Errors of every method: io, corrupt, unavailable, overloaded, timeout, cancelled,
/// and those named.
class TraceStore {
 public:
  virtual ~TraceStore() = default;
  TraceStore() = default;
  TraceStore(const TraceStore&) = delete;
  TraceStore& operator=(const TraceStore&) = delete;

  /// Durable on return, and in every answer of this process from then on. `request_key`: a digest
  /// of the request's bytes; the same again changes nothing. Errors: overloaded (what waits is at
  /// its limit), disk_full, outcome_unknown (send it again), too_large.
  virtual Result<Ingested> ingest(Spans spans, std::string_view request_key) = 0;

  /// nullopt: no span of that id; with `partial_reason` in the error-free sense only where bounds
  /// are complete, else not_found names the window that was searched. Errors: not_found (with the
  /// searched window, when it is not definite).
  struct Found {
    std::optional<TraceAnswer> trace;
    ReadCost cost;  ///< also of what was not found
  };
  virtual Result<Found> trace(const TraceQuery& query) = 0;
  /// Exact summaries of those that are there. At most 1,000 ids.
  virtual Result<std::vector<TraceSummary>> summaries(const std::vector<TraceId>& ids) = 0;
  /// Errors: invalid (the filter; a page token of another query), too_large (the window).
  virtual Result<SearchAnswer> search(const SearchQuery& query) = 0;

  /// Kept as spans come in; scan nothing. Sorted.
  virtual Result<std::vector<std::string>> services() = 0;
  virtual Result<std::vector<Operation>> operations(std::string_view service,
                                                    std::optional<SpanKind> kind) = 0;
  virtual Result<std::vector<AttributeKey>> attribute_keys(std::optional<AttributePlace> place) = 0;
  /// Scalar values of a key in spans of the window, elements of arrays too: truth, whole numbers,
  /// doubles, texts, each by value, distinct, at most `limit`.
  virtual Result<std::vector<AnyValue>> attribute_values(const AttributeField& field,
                                                         const Window& window,
                                                         std::size_t limit) = 0;
  /// Calls from one service's span to a child of another's, both started in the window.
  virtual Result<std::vector<Dependency>> dependencies(const Window& window) = 0;
  virtual Result<MetricAnswer> metrics(const MetricQuery& query) = 0;
  virtual Result<StoreStatus> status() = 0;

  /// Spans that began before the day (UTC) of that instant go, but for those of pinned traces
  /// (pinned_traces.h), whole or in part. Lists of names keep them. Again changes nothing. `told`:
  /// says only what would go.
  virtual Result<ExpiredSpans> expire(std::int64_t before_ns, Expiry mode) = 0;
};

}  // namespace bl::traces
