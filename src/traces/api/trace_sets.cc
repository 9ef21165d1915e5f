#include "traces/api/trace_sets.h"

#include <fmt/format.h>

#include <algorithm>

#include "traces/api/search_fields.h"
#include "traces/api/times.h"
#include "traces/traceql.h"

namespace bl::traces {
namespace {

/// A run is asked for by its id: how long ago it was is not the question.
constexpr std::int64_t k_window_ns = 90 * 86'400'000'000'000;
constexpr std::int64_t k_limit_default = 200, k_limit_max = 1'000;
constexpr std::size_t k_traceql_bytes_max = 8'192;  ///< a request's line holds no more

SpanFilter is_of_run(std::string run) {
  return SpanFilter::where({IntrinsicField{IntrinsicField::Name::run_id}, Comparison::equal,
                            AnyValue(AnyValue::Value(std::move(run)))});
}

std::vector<TraceId> ids_of(net::QueryFields& fields, std::string_view name) {
  std::vector<TraceId> ids;
  for (const std::string& text : fields.texts(name)) {
    const auto id = TraceId::from_text(text);
    if (!id) fields.fault(name, "no trace id, 1 to 32 hex digits", text);
    if (id && std::ranges::find(ids, *id) == ids.end()) ids.push_back(*id);
  }
  return ids;
}

/// The runs and TraceQL of one set.
std::vector<SpanFilter> own_filters(net::QueryFields& fields, const SetNames& names) {
  std::vector<SpanFilter> parts, runs;
  for (std::string& run : fields.texts(names.run)) runs.push_back(is_of_run(std::move(run)));
  if (runs.size() == 1) parts.push_back(std::move(runs.front()));
  if (runs.size() > 1) parts.push_back(SpanFilter::any_of(std::move(runs)));
  const auto text = fields.text(names.q, k_traceql_bytes_max);
  if (!text) return parts;
  auto query = parse_traceql(*text);
  if (query.ok()) parts.push_back(std::move(query->filter));
  if (!query.ok()) fields.fault(names.q, query.error().message);
  return parts;
}

/// What holds of every choice.
void check_choice(net::QueryFields& fields, std::string_view trace, std::string_view q,
                  const SetFields& common, SetChoice& choice) {
  if (choice.ids.size() > common.limit) {
    fields.fault(trace, "more ids than ?limit", std::to_string(choice.ids.size()));
  }
  if (const auto checked = check(choice.search.filter); !checked.ok()) {
    fields.fault(q, checked.error().message);
  }
  choice.search.limit = common.limit;
  choice.search.spans_of_trace = 0;
}

}  // namespace

SetFields set_fields_of(net::QueryFields& fields, const Clock& clock) {
  SetFields given;
  given.window = window_of(fields, clock, k_window_ns);
  given.filter = filter_of(fields);
  given.limit =
      static_cast<std::size_t>(fields.integer("limit", 1, k_limit_max).value_or(k_limit_default));
  return given;
}

SetChoice set_choice_of(net::QueryFields& fields, const SetNames& names, const SetFields& common) {
  SetChoice choice;
  choice.ids = ids_of(fields, names.trace);
  std::vector<SpanFilter> parts = own_filters(fields, names);
  const auto start = instant_of(fields, names.start);
  const auto end = instant_of(fields, names.end);
  const bool is_search = !parts.empty() || start || end;
  if (choice.ids.empty() && !is_search) {
    fields.fault(names.run, fmt::format("needed, or {}, {}, {} and {}: which traces", names.trace,
                                        names.q, names.start, names.end));
  }
  if (!choice.ids.empty() && is_search) {
    fields.fault(names.trace, "ids say it all: give these, or what to search for");
  }
  choice.search.window = {start.value_or(common.window.start_ns),
                          end.value_or(common.window.end_ns)};
  if (choice.search.window.start_ns >= choice.search.window.end_ns) {
    fields.fault(names.end, "not behind the start", std::to_string(choice.search.window.end_ns));
  }
  parts.push_back(common.filter);
  choice.search.filter = SpanFilter::all_of(std::move(parts));
  check_choice(fields, names.trace, names.q, common, choice);
  return choice;
}

SetChoice set_choice_of(net::QueryFields& fields, const SetFields& common) {
  SetChoice choice;
  choice.ids = ids_of(fields, "trace");
  const bool is_search = common.filter.kind != SpanFilter::Kind::everything;
  if (choice.ids.empty() && !is_search) {
    fields.fault("run_id", "needed, or another filter, or trace: which traces");
  }
  if (!choice.ids.empty() && is_search) {
    fields.fault("trace", "ids say it all: give these, or what to search for");
  }
  choice.search.window = common.window;
  choice.search.filter = common.filter;
  check_choice(fields, "trace", "q", common, choice);
  return choice;
}

Result<TraceSet> load_set(TraceStore& store, const SetChoice& choice, std::size_t& spans_left) {
  TraceSet set;
  std::vector<TraceQuery> queries;
  for (const TraceId& id : choice.ids) queries.push_back({.id = id});
  if (queries.empty()) {
    BL_TRY(const SearchAnswer found, store.search(choice.search));
    add(set.cost, found.cost);
    set.partial_reason = found.partial_reason;
    if (!found.next_page.empty()) {
      set.partial_reason =
          fmt::format("only the newest {} traces, there are more than ?limit", found.traces.size());
    }
    for (const TraceHit& hit : found.traces) {
      TraceQuery query{.id = hit.summary.id};
      query.hint = Window{hit.summary.start_ns, hit.summary.end_ns}.pad(1);
      queries.push_back(query);
    }
  }
  for (TraceQuery& query : queries) {
    query.spans_max = std::max<std::size_t>(spans_left, 1);
    BL_TRY(TraceStore::Found found, store.trace(query));
    add(set.cost, found.cost);
    if (!found.trace) {
      return Error{Code::not_found, "there is no such trace: " + query.id.hex()};
    }
    if (found.trace->has_more || found.trace->spans.size() > spans_left) {
      return Error{Code::too_large,
                   "the traces have more spans than are looked at together, ask "
                   "for fewer with ?limit: " +
                       std::to_string(found.trace->summary.spans)};
    }
    if (!found.trace->partial_reason.empty()) set.partial_reason = found.trace->partial_reason;
    spans_left -= found.trace->spans.size();
    set.ids.push_back(query.id);
    set.traces.push_back(std::move(found.trace->spans));
  }
  return set;
}

void add(ReadCost& sum, const ReadCost& cost) {
  sum.files_considered += cost.files_considered;
  sum.files_pruned += cost.files_pruned;
  sum.files_read += cost.files_read;
  sum.row_groups_considered += cost.row_groups_considered;
  sum.row_groups_read += cost.row_groups_read;
  sum.bytes_read += cost.bytes_read;
  sum.requests += cost.requests;
  sum.cache_hits += cost.cache_hits;
  sum.data_version = std::max(sum.data_version, cost.data_version);
  sum.fallbacks += cost.fallbacks;
}

}  // namespace bl::traces
