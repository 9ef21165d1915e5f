#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <unordered_map>

#include "traces/store/filter_sql.h"
#include "traces/store/lake_store.h"

// What is counted over a window: facts of its spans, each once; where a filter asks for more than
// facts, the spans that SQL cannot rule out are read whole and looked at.
namespace bl::traces {
namespace {

struct Cell {
  std::vector<std::int64_t> durations;
  std::int64_t errors = 0;
};
struct Series {
  std::uint32_t service, operation;
  auto operator<=>(const Series&) const = default;
};
constexpr std::uint32_t k_no_name = 0xFFFFFFFF;

std::string starts_within(const Window& window) {
  const Hours hours = hours_of(window);
  return fmt::format("hour BETWEEN {} AND {} AND start_ns >= {} AND start_ns < {}", hours.first,
                     hours.last, window.start_ns, window.end_ns);
}

// The caller of each span of one trace, as the twin has it (testing/memory_trace_store.cc).
class Callers {
 public:
  Callers(const SpanFacts& facts, std::size_t from, std::size_t to) : facts_(facts) {
    for (std::size_t i = from; i < to; ++i) by_id_[facts.spans[i].span_id].push_back(i);
  }
  const SpanFact* of(std::size_t at) const {
    const SpanFact& span = facts_.spans[at];
    if (span.kind == SpanKind::server) {
      for (const std::size_t i : by_id_.at(span.span_id)) {
        if (i != at && facts_.spans[i].kind == SpanKind::client) return &facts_.spans[i];
      }
    }
    const auto parents = span.has_parent ? by_id_.find(span.parent) : by_id_.end();
    if (parents == by_id_.end()) return nullptr;
    const SpanFact* found = nullptr;
    for (const std::size_t i : parents->second) {
      const SpanFact& one = facts_.spans[i];
      if (i == at) continue;
      if (found == nullptr || (one.kind == SpanKind::server && found->kind != SpanKind::server)) {
        found = &one;
      }
    }
    return found;
  }

 private:
  const SpanFacts& facts_;
  std::unordered_map<SpanId, std::vector<std::size_t>> by_id_;
};

// Scalars of a key in the lists of a place.
void add_values(const Span& span, const AttributeField& field, std::vector<AnyValue>& out) {
  const auto look = [&](AttributePlace place, const Attributes& list) {
    if (field.place != AttributePlace::any && field.place != place) return;
    if (const AnyValue* value = find(list, field.key)) add_scalars(*value, out);
  };
  look(AttributePlace::span, span.attributes);
  look(AttributePlace::resource, span.resource->attributes);
  look(AttributePlace::scope, span.scope->attributes);
  for (const SpanEvent& event : span.events) look(AttributePlace::event, event.attributes);
  for (const SpanLink& link : span.links) look(AttributePlace::link, link.attributes);
}

}  // namespace

Result<SpanFacts> LakeStore::facts_within(const Moment& moment, const Window& window,
                                          ReadCost& cost) {
  SpanFacts facts;
  const Hours hours = hours_of(window);
  BL_TRY(const Files files, reads_->choose(files_within(moment, hours), hours, {}, cost));
  SpanReads::Select select;
  select.select = SpanFacts::k_select;
  select.where = starts_within(window);
  const auto each = [&](const columns::Batch& batch) -> Result<void> {
    BL_RETURN_IF_ERROR(facts.add(batch));
    if (std::ssize(facts.spans) <= limits_.metric_spans_max) return {};
    return Error{Code::too_large,
                 fmt::format("the window has more spans than one answer counts: {}",
                             limits_.metric_spans_max)};
  };
  BL_RETURN_IF_ERROR(reads_->read(moment.snapshot, files, select, each));
  facts.settle();
  return facts;
}

Result<std::vector<Dependency>> LakeStore::dependencies(const Window& window) {
  ReadCost cost;
  BL_TRY(const SpanFacts facts, facts_within(now(), window, cost));
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::int64_t> calls;
  for (std::size_t from = 0; from < facts.spans.size();) {
    const std::size_t to = facts.end_of_trace(from);
    const Callers callers(facts, from, to);
    for (std::size_t i = from; i < to; ++i) {
      const SpanFact* caller = callers.of(i);
      if (caller == nullptr || caller->service == facts.spans[i].service) continue;
      calls[{caller->service, facts.spans[i].service}] += 1;
    }
    from = to;
  }
  std::vector<Dependency> out;
  for (const auto& [pair, count] : calls) {
    out.push_back({facts.names[pair.first], facts.names[pair.second], count});
  }
  std::ranges::sort(out, [](const Dependency& a, const Dependency& b) {
    return std::tie(a.parent, a.child) < std::tie(b.parent, b.child);
  });
  return out;
}

Result<std::vector<AnyValue>> LakeStore::attribute_values(const AttributeField& field,
                                                          const Window& window, std::size_t limit) {
  const Moment moment = now();
  ReadCost cost;
  const Hours hours = hours_of(window);
  BL_TRY(const Files files, reads_->choose(files_within(moment, hours), hours, {}, cost));
  Condition exists;
  exists.field = field;
  exists.comparison = Comparison::exists;
  SpanReads::Select select;
  select.select = "*";
  SpanFilter filter;
  filter.kind = SpanFilter::Kind::condition;
  filter.condition = exists;
  select.where =
      fmt::format("{} AND ({})", starts_within(window), sql_of(row_condition_of(filter)));
  SpanReader reader;
  std::vector<AnyValue> values;
  std::size_t distinct = 0;
  const auto fold = [&] {
    std::ranges::sort(values, scalar_before);
    values.erase(std::unique(values.begin(), values.end()), values.end());
    if (values.size() > limit) values.resize(limit);
    distinct = values.size();
  };
  const auto each = [&](const columns::Batch& batch) -> Result<void> {
    Spans spans;
    BL_RETURN_IF_ERROR(reader.read(batch, spans));
    for (const Span& span : spans) add_values(span, field, values);
    if (values.size() > 2 * distinct + 100'000) fold();
    return {};
  };
  BL_RETURN_IF_ERROR(reads_->read(moment.snapshot, files, select, each));
  fold();
  return values;
}

Result<MetricAnswer> LakeStore::metrics(const MetricQuery& query) {
  BL_RETURN_IF_ERROR(check(query));
  BL_TRY(const SpanMatcher matcher, SpanMatcher::make(query.filter));
  const Moment moment = now();
  MetricAnswer answer;
  answer.cost.data_version = moment.snapshot.id();
  answer.cost.searched = query.window;
  BL_TRY(SpanFacts facts, facts_within(moment, query.window, answer.cost));
  std::map<Series, std::map<std::int64_t, Cell>> cells;
  const auto count = [&](std::uint32_t service, std::uint32_t name, std::int64_t start,
                         std::int64_t duration, StatusCode status) {
    Cell& cell =
        cells[{service, query.by_operation ? name : k_no_name}][bucket_of(start, query.step_ns)];
    cell.durations.push_back(duration);
    cell.errors += status == StatusCode::error ? 1 : 0;
  };
  if (query.filter.kind == SpanFilter::Kind::everything) {
    for (const SpanFact& one : facts.spans) {
      count(one.service, one.name, one.start_ns, one.end_ns - one.start_ns, one.status);
    }
  } else {
    BL_RETURN_IF_ERROR(
        each_match(moment, query, matcher, facts, answer.cost, [&](const Span& span) {
          count(facts.names.add(service_of(*span.resource)), facts.names.add(span.name),
                span.start_ns, span.duration_ns(), span.status);
        }));
  }
  for (auto& [names, buckets] : cells) {
    MetricSeries series;
    series.service = facts.names[names.service];
    if (names.operation != k_no_name) series.operation = facts.names[names.operation];
    for (auto& [start, cell] : buckets) {
      std::ranges::sort(cell.durations);
      series.buckets.push_back({start, std::ssize(cell.durations), cell.errors,
                                percentile(cell.durations, 50), percentile(cell.durations, 95),
                                percentile(cell.durations, 99)});
    }
    answer.series.push_back(std::move(series));
  }
  std::ranges::sort(answer.series, [](const MetricSeries& a, const MetricSeries& b) {
    return std::tie(a.service, a.operation) < std::tie(b.service, b.operation);
  });
  return answer;
}

// Spans of the window that match, each once.
Result<void> LakeStore::each_match(const Moment& moment, const MetricQuery& query,
                                   const SpanMatcher& matcher, const SpanFacts& facts,
                                   ReadCost& cost, const std::function<void(const Span&)>& each) {
  std::map<TraceId, TraceSummary> summaries;
  if (matcher.asks_of_trace()) {
    constexpr std::size_t k_ids_at_once = 1'000;
    std::vector<TraceId> ids;
    for (std::size_t from = 0; from < facts.spans.size();) {
      ids.push_back(facts.spans[from].trace_id);
      from = facts.end_of_trace(from);
      if (ids.size() < k_ids_at_once && from < facts.spans.size()) continue;
      BL_TRY(const SpanFacts whole, facts_of_traces(moment, ids, cost));
      for (std::size_t at = 0; at < whole.spans.size();) {
        const std::size_t end = whole.end_of_trace(at);
        summaries.emplace(whole.spans[at].trace_id, whole.summary(at, end));
        at = end;
      }
      ids.clear();
    }
  }
  const Hours hours = hours_of(query.window);
  BL_TRY(const Files files, reads_->choose(files_within(moment, hours), hours, {}, cost));
  SpanReads::Select select;
  select.select = "*";
  select.where = fmt::format("{} AND ({})", starts_within(query.window),
                             sql_of(row_condition_of(query.filter)));
  SpanReader reader;
  std::set<std::tuple<TraceId, SpanId, SpanKind>> met;
  return reads_->read(moment.snapshot, files, select,
                      [&](const columns::Batch& batch) -> Result<void> {
                        Spans spans;
                        BL_RETURN_IF_ERROR(reader.read(batch, spans));
                        for (const Span& span : spans) {
                          const auto summary = summaries.find(span.trace_id);
                          const TraceFacts trace =
                              summary == summaries.end() ? TraceFacts() : facts_of(summary->second);
                          if (!matcher.matches(span, trace) || !facts.holds(span)) continue;
                          if (met.emplace(span.trace_id, span.span_id, span.kind).second)
                            each(span);
                        }
                        return {};
                      });
}

}  // namespace bl::traces
