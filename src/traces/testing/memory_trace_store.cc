#include "traces/testing/memory_trace_store.h"

#include <algorithm>

#include "traces/columns.h"
#include "traces/store/page_token.h"

namespace bl::traces {
namespace {

bool is_repeat(const Span& a, const Span& b) {
  return a.span_id == b.span_id && a.kind == b.kind;
}

const Span* root_of(const Spans& spans) {
  for (const Span& span : spans) {
    if (!span.parent_span_id) return &span;
  }
  return nullptr;
}

TraceSummary summary_of(const TraceId& id, const Spans& spans) {
  TraceSummary summary;
  summary.id = id;
  summary.start_ns = spans.front().start_ns;
  summary.end_ns = spans.front().end_ns;
  std::set<SpanId> ids;
  std::map<std::string, ServiceCount> services;
  for (const Span& span : spans) ids.insert(span.span_id);
  for (const Span& span : spans) {
    const bool is_error = span.status == StatusCode::error;
    summary.end_ns = std::max(summary.end_ns, span.end_ns);
    summary.spans += 1;
    summary.errors += is_error ? 1 : 0;
    if (span.parent_span_id && !ids.contains(*span.parent_span_id)) summary.orphans += 1;
    ServiceCount& service = services[std::string(service_of(*span.resource))];
    service.spans += 1;
    service.errors += is_error ? 1 : 0;
    if (summary.run_id.empty()) summary.run_id = run_id_of(span);
  }
  if (const Span* root = root_of(spans)) {
    summary.root_service = service_of(*root->resource);
    summary.root_name = root->name;
  }
  for (auto& [name, count] : services) {
    count.name = name;
    summary.services.push_back(count);
  }
  return summary;
}

TraceFacts facts_of(const TraceSummary& summary) {
  TraceFacts facts;
  if (summary.root_service) facts.root_service = *summary.root_service;
  if (summary.root_name) facts.root_name = *summary.root_name;
  facts.duration_ns = summary.end_ns - summary.start_ns;
  return facts;
}

// Every attribute list of a span, with its place.
template <class Each>
void each_list(const Span& span, const Each& each) {
  each(AttributePlace::span, span.attributes);
  each(AttributePlace::resource, span.resource->attributes);
  each(AttributePlace::scope, span.scope->attributes);
  for (const SpanEvent& event : span.events) each(AttributePlace::event, event.attributes);
  for (const SpanLink& link : span.links) each(AttributePlace::link, link.attributes);
}

// The caller of a span. A server's span that shares its id with a client's is called by that one;
// of spans that share the parent's id it is the server's, else the first.
const Span* parent_of(const Span& span, const Spans& spans) {
  const Span* found = nullptr;
  for (const Span& one : spans) {
    if (&one == &span) continue;
    if (span.kind == SpanKind::server && one.kind == SpanKind::client &&
        one.span_id == span.span_id) {
      return &one;
    }
    if (!span.parent_span_id || one.span_id != *span.parent_span_id) continue;
    if (found == nullptr || (one.kind == SpanKind::server && found->kind != SpanKind::server)) {
      found = &one;
    }
  }
  return found;
}

std::vector<AnyValue> values_of(const Spans& spans, const AttributeField& field,
                                const Window& window) {
  std::vector<AnyValue> values;
  for (const Span& span : spans) {
    if (!window.contains(span.start_ns)) continue;
    each_list(span, [&](AttributePlace where, const Attributes& list) {
      if (field.place != AttributePlace::any && field.place != where) return;
      if (const AnyValue* value = find(list, field.key)) add_scalars(*value, values);
    });
  }
  std::ranges::sort(values, scalar_before);
  values.erase(std::unique(values.begin(), values.end()), values.end());
  return values;
}

}  // namespace

Result<Ingested> MemoryTraceStore::ingest(Spans spans, std::string_view request_key) {
  const std::lock_guard lock(mutex_);
  const auto count = static_cast<std::int64_t>(spans.size());
  if (spans.empty()) return Ingested{};
  if (!request_key.empty() && !requests_.emplace(request_key).second) return Ingested{count, true};
  for (Span& span : spans) {
    make_canonical(span);
    auto resource = std::make_shared<Resource>(*span.resource);
    make_canonical(*resource);
    span.resource = std::move(resource);
    auto scope = std::make_shared<Scope>(*span.scope);
    make_canonical(*scope);
    span.scope = std::move(scope);
    ever_.push_back(span);
    all_.push_back(span);
    keep(std::move(span));
  }
  rows_ += count;
  version_ += 1;
  return Ingested{count, false};
}

void MemoryTraceStore::keep(Span span) {
  Spans& trace = traces_[span.trace_id];
  const auto same = std::ranges::find_if(trace, [&](const Span& s) { return is_repeat(s, span); });
  if (same == trace.end()) {
    trace.push_back(std::move(span));
  } else {
    repeated_[span.trace_id] += 1;
    if (counts_before(span, *same)) *same = std::move(span);
  }
  std::ranges::sort(trace, is_before);
}

Result<ExpiredSpans> MemoryTraceStore::expire(std::int64_t before_ns, Expiry mode) {
  const std::lock_guard lock(mutex_);
  constexpr std::int64_t k_day_ns = 24 * k_hour_ns;
  ExpiredSpans sum;
  sum.before_ns = before_ns - (before_ns % k_day_ns + k_day_ns) % k_day_ns;
  Spans staying;
  for (const Span& span : all_) {
    const bool is_old = span.start_ns < sum.before_ns, is_pinned = pinned_.contains(span.trace_id);
    if (is_old && !is_pinned) {
      sum.spans += 1;
      continue;
    }
    sum.kept += is_old ? 1 : 0;
    staying.push_back(span);
  }
  if (mode == Expiry::told) return sum;
  has_expired_ = has_expired_ || sum.spans > 0;
  all_ = std::move(staying);
  rows_ = std::ssize(all_);
  traces_.clear();
  repeated_.clear();
  for (const Span& span : all_) keep(span);
  version_ += 1;
  return sum;
}

Result<TraceStore::Found> MemoryTraceStore::trace(const TraceQuery& query) {
  const std::lock_guard lock(mutex_);
  Found found;
  found.cost.path = LookupPath::full;
  found.cost.data_version = version_;
  const auto it = traces_.find(query.id);
  if (it == traces_.end()) return found;
  TraceAnswer answer;
  answer.summary = summary_of(it->first, it->second);
  answer.repeated = repeated_[query.id];
  answer.cost = found.cost;
  for (const Span& span : it->second) {
    if (query.after) {
      const auto& after = *query.after;
      const auto place = std::tie(span.start_ns, span.span_id, span.kind);
      if (place <= std::tie(after.start_ns, after.span_id, after.kind)) continue;
    }
    if (!query.wants(span.span_id, span.parent_span_id)) continue;
    if (answer.spans.size() == query.spans_max) {
      answer.has_more = true;
      break;
    }
    answer.spans.push_back(span);
  }
  found.trace = std::move(answer);
  return found;
}

Result<std::vector<TraceSummary>> MemoryTraceStore::summaries(const std::vector<TraceId>& ids) {
  const std::lock_guard lock(mutex_);
  std::vector<TraceSummary> out;
  for (const TraceId& id : ids) {
    const auto it = traces_.find(id);
    if (it != traces_.end()) out.push_back(summary_of(id, it->second));
  }
  return out;
}

Result<SearchAnswer> MemoryTraceStore::search(const SearchQuery& query) {
  BL_RETURN_IF_ERROR(check(query));
  BL_TRY(const auto after, page_end(query));
  BL_TRY(const SpanMatcher matcher, SpanMatcher::make(query.filter));
  const std::lock_guard lock(mutex_);
  std::vector<std::pair<PageEnd, TraceHit>> hits;
  for (const auto& [id, spans] : traces_) {
    TraceHit hit;
    hit.summary = summary_of(id, spans);
    PageEnd place{0, id};
    for (const Span& span : spans) {
      if (!query.window.contains(span.start_ns)) continue;
      if (!matcher.matches(span, facts_of(hit.summary))) continue;
      place.start_ns = span.start_ns;
      hit.matched += 1;
      if (hit.spans.size() < query.spans_of_trace) hit.spans.push_back(span);
    }
    if (hit.matched == 0 || (after && !stands_before(*after, place))) continue;
    hits.emplace_back(place, std::move(hit));
  }
  std::ranges::sort(hits,
                    [](const auto& a, const auto& b) { return stands_before(a.first, b.first); });
  SearchAnswer answer;
  answer.cost.data_version = version_;
  for (std::size_t i = 0; i < hits.size() && i < query.limit; ++i) {
    answer.traces.push_back(std::move(hits[i].second));
  }
  if (hits.size() > query.limit) {
    answer.next_page = page_token(hits[query.limit - 1].first, query);
  }
  return answer;
}

Result<std::vector<std::string>> MemoryTraceStore::services() {
  const std::lock_guard lock(mutex_);
  std::set<std::string> names;
  for (const Span& span : ever_) names.emplace(service_of(*span.resource));
  return std::vector<std::string>(names.begin(), names.end());
}

Result<std::vector<Operation>> MemoryTraceStore::operations(std::string_view service,
                                                            std::optional<SpanKind> kind) {
  const std::lock_guard lock(mutex_);
  std::set<std::pair<std::string, SpanKind>> found;
  for (const Span& span : ever_) {
    if (service_of(*span.resource) != service || (kind && span.kind != *kind)) continue;
    found.emplace(span.name, span.kind);
  }
  std::vector<Operation> out;
  for (const auto& [name, of_kind] : found) out.push_back({name, of_kind});
  return out;
}

Result<std::vector<AttributeKey>> MemoryTraceStore::attribute_keys(
    std::optional<AttributePlace> place) {
  const std::lock_guard lock(mutex_);
  std::set<std::pair<AttributePlace, std::string>> found;
  for (const Span& span : ever_) {
    each_list(span, [&](AttributePlace where, const Attributes& list) {
      if (place && *place != AttributePlace::any && *place != where) return;
      for (const Attribute& one : list) found.emplace(where, one.key);
    });
  }
  std::vector<AttributeKey> out;
  for (const auto& [where, key] : found) out.push_back({where, key});
  return out;
}

Result<std::vector<AnyValue>> MemoryTraceStore::attribute_values(const AttributeField& field,
                                                                 const Window& window,
                                                                 std::size_t limit) {
  const std::lock_guard lock(mutex_);
  std::vector<AnyValue> values = values_of(all_, field, window);
  if (values.size() > limit) values.resize(limit);
  return values;
}

std::unique_ptr<MemoryTraceStore> MemoryTraceStore::settled() {
  const std::lock_guard lock(mutex_);
  auto other = std::make_unique<MemoryTraceStore>(pinned_);
  for (const auto& [id, spans] : traces_) (void)other->ingest(spans, "").ok();
  return other;
}

Result<std::vector<Dependency>> MemoryTraceStore::dependencies(const Window& window) {
  const std::lock_guard lock(mutex_);
  std::map<std::pair<std::string, std::string>, std::int64_t> calls;
  for (const auto& [id, spans] : traces_) {
    Spans within;
    for (const Span& span : spans) {
      if (window.contains(span.start_ns)) within.push_back(span);
    }
    for (const Span& span : within) {
      const Span* parent = parent_of(span, within);
      if (parent == nullptr) continue;
      const std::string caller(service_of(*parent->resource)), called(service_of(*span.resource));
      if (caller != called) calls[{caller, called}] += 1;
    }
  }
  std::vector<Dependency> out;
  for (const auto& [pair, count] : calls) out.push_back({pair.first, pair.second, count});
  return out;
}

Result<MetricAnswer> MemoryTraceStore::metrics(const MetricQuery& query) {
  BL_RETURN_IF_ERROR(check(query));
  BL_TRY(const SpanMatcher matcher, SpanMatcher::make(query.filter));
  const std::lock_guard lock(mutex_);
  struct Cell {
    std::vector<std::int64_t> durations;
    std::int64_t errors = 0;
  };
  std::map<std::pair<std::string, std::string>, std::map<std::int64_t, Cell>> cells;
  for (const auto& [id, spans] : traces_) {
    const TraceSummary summary = summary_of(id, spans);
    for (const Span& span : spans) {
      if (!query.window.contains(span.start_ns)) continue;
      if (!matcher.matches(span, facts_of(summary))) continue;
      Cell& cell = cells[{std::string(service_of(*span.resource)),
                          query.by_operation ? span.name : std::string()}]
                        [bucket_of(span.start_ns, query.step_ns)];
      cell.durations.push_back(span.duration_ns());
      cell.errors += span.status == StatusCode::error ? 1 : 0;
    }
  }
  MetricAnswer answer;
  answer.cost.data_version = version_;
  for (auto& [names, buckets] : cells) {
    MetricSeries series{names.first, names.second, {}};
    for (auto& [start, cell] : buckets) {
      std::ranges::sort(cell.durations);
      series.buckets.push_back({start, std::ssize(cell.durations), cell.errors,
                                percentile(cell.durations, 50), percentile(cell.durations, 95),
                                percentile(cell.durations, 99)});
    }
    answer.series.push_back(std::move(series));
  }
  return answer;
}

Result<StoreStatus> MemoryTraceStore::status() {
  const std::lock_guard lock(mutex_);
  StoreStatus status;
  status.spans = rows_;
  status.traces = static_cast<std::int64_t>(traces_.size());
  status.tail_spans = rows_;
  status.bounds_complete = true;
  status.data_version = version_;
  return status;
}

}  // namespace bl::traces
