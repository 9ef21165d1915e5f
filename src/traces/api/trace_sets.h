#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "net/query_fields.h"
#include "traces/trace_store.h"

/// Traces of a run of benchmarks, or of any other choice, loaded to be looked at together. Private
/// to this domain.
namespace bl::traces {

/// By their ids, else those that a search finds, the newest first.
struct SetChoice {
  std::vector<TraceId> ids;
  SearchQuery search;
};
/// `start`, `end` (else the last 90 days), `limit` (traces of each set), and the filter of a
/// search: what holds of every set of a question.
struct SetFields {
  Window window;
  SpanFilter filter;
  std::size_t limit = 0;
};
SetFields set_fields_of(net::QueryFields& fields, const Clock& clock);
/// How the parameters of one of two sets are named.
struct SetNames {
  std::string_view trace, run, q, start, end;
};
inline constexpr SetNames k_base_names = {"base_trace", "base_run", "base_q", "base_start",
                                          "base_end"};
inline constexpr SetNames k_compare_names = {"compare_trace", "compare_run", "compare_q",
                                             "compare_start", "compare_end"};
/// One of two sets: its ids or runs (both may be repeated), TraceQL and window, beside what is
/// common. A set that names nothing of its own is a fault, as is one by ids and by more.
SetChoice set_choice_of(net::QueryFields& fields, const SetNames& names, const SetFields& common);
/// The only set: `trace`, which may be repeated, or what is searched for.
SetChoice set_choice_of(net::QueryFields& fields, const SetFields& common);

struct TraceSet {
  std::vector<TraceId> ids;
  std::vector<Spans> traces;   ///< in the order of the ids
  std::string partial_reason;  ///< empty: these are all
  ReadCost cost;               ///< of all reads together
};
/// Errors: not_found (an id), too_large (more than `spans_left`, which goes down by what is
/// loaded), those of the store.
Result<TraceSet> load_set(TraceStore& store, const SetChoice& choice, std::size_t& spans_left);

/// Adds what another read cost; the way it went is forgotten.
void add(ReadCost& sum, const ReadCost& cost);

}  // namespace bl::traces
