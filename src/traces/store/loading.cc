#include <algorithm>
#include <bit>
#include <limits>

#include "traces/store/lake_store.h"

// Many traces at once, each read where the index says that it lies: one old trace does not make
// the others' windows large.
namespace bl::traces {
namespace {

// Traces whose spans begin within so many hours are read together: each part of the engine's work
// is planned, which is dear; what is read here looks into every row group of those hours.
constexpr std::int32_t k_hours_together_by_engine = 24, k_hours_together = 2;
// Of larger traces only what was asked for is read whole.
constexpr std::int64_t k_spans_whole_max = 20'000;
constexpr std::size_t k_ids_max = 1'000;
// So many spans of all wanted traces are read at once, without a look at their facts before.
constexpr std::size_t k_spans_at_once_max = 40'000;
// Of a trace with more spans that came again than this all are read.
constexpr std::size_t k_tied_max = 64;

struct Placed {
  Hours hours;
  TraceId id;
};

// The condition, or one of the spans of which copies are alike in all that facts say: which one
// counts is seen when all of them are there, whether they meet the condition or not.
RowCondition with_tied(const RowCondition& condition, const SpanFacts& facts,
                       const std::set<TraceId>& large) {
  RowCondition out;
  out.kind = RowCondition::Kind::any_of;
  out.parts.push_back(condition);
  for (const SpanFact& fact : facts.spans) {
    if (!fact.is_tied || !large.contains(fact.trace_id)) continue;
    if (out.parts.size() > k_tied_max) return {};
    RowCondition& part = out.parts.emplace_back();
    part.kind = RowCondition::Kind::number;
    part.column = span_column("span_id");
    part.number = std::bit_cast<std::int64_t>(fact.span_id.value);
  }
  return out.parts.size() == 1 ? condition : out;
}

}  // namespace

Files LakeStore::files_within(const Moment& moment, const Hours& hours) const {
  const lake::ColumnRange range{"hour", lake::Bound(std::int64_t{hours.first}),
                                lake::Bound(std::int64_t{hours.last})};
  return moment.snapshot.files().may_hold({&range, 1});
}

// The tail, the files that the index does not cover, and for each of its traces those that it says.
Result<std::vector<LakeStore::Part>> LakeStore::parts_of(const Moment& moment,
                                                         const std::vector<TraceId>& ids,
                                                         ReadCost& cost) {
  std::vector<Part> parts;
  Part first;
  first.bounds.ids = ids;
  BL_TRY(first.files, reads_->choose(*moment.uncovered, k_all_hours, ids, cost));
  parts.push_back(std::move(first));
  std::vector<Placed> placed;
  for (const TraceId& id : ids) {
    const auto bounds = moment.index->find(id);
    if (bounds) placed.push_back({{hour_of(bounds->start_ns), hour_of(bounds->end_ns)}, id});
  }
  std::ranges::sort(placed, {}, [](const Placed& one) { return one.hours.first; });
  const std::int32_t together =
      limits_.reads_directly ? k_hours_together : k_hours_together_by_engine;
  std::size_t at = 0;
  while (at < placed.size()) {
    Part part;
    part.bounds.has_tail = false;
    part.bounds.hours = placed[at].hours;
    do {
      part.bounds.ids.push_back(placed[at].id);
      part.bounds.hours.last = std::max(part.bounds.hours.last, placed[at].hours.last);
      ++at;
    } while (at < placed.size() &&
             std::max(placed[at].hours.last, part.bounds.hours.last) - part.bounds.hours.first <
                 together);
    Files files = files_within(moment, part.bounds.hours);
    std::erase_if(files, [&](const lake::DataFile* file) {
      return !moment.index->covered.contains(file->key);
    });
    BL_TRY(part.files, reads_->choose(files, part.bounds.hours, part.bounds.ids, cost));
    if (!part.files.empty()) parts.push_back(std::move(part));
  }
  return parts;
}

Result<SpanFacts> LakeStore::facts_of_traces(const Moment& moment, const std::vector<TraceId>& ids,
                                             ReadCost& cost) {
  SpanFacts facts;
  BL_TRY(const auto parts, parts_of(moment, ids, cost));
  for (const Part& part : parts) {
    BL_RETURN_IF_ERROR(reads_->facts(moment.snapshot, part.files, part.bounds, facts));
  }
  facts.settle();
  return facts;
}

Result<std::vector<TraceSummary>> LakeStore::summaries(const std::vector<TraceId>& ids) {
  if (ids.size() > k_ids_max) {
    return Error{Code::too_large,
                 "summaries of at most 1,000 traces at once, not: " + std::to_string(ids.size())};
  }
  std::vector<TraceSummary> out;
  if (ids.empty()) return out;
  ReadCost cost;
  BL_TRY(const SpanFacts facts, facts_of_traces(now(), ids, cost));
  for (const TraceId& id : ids) {
    const auto at = std::ranges::lower_bound(facts.spans, id, {}, &SpanFact::trace_id);
    if (at == facts.spans.end() || at->trace_id != id) continue;
    const auto from = static_cast<std::size_t>(at - facts.spans.begin());
    out.push_back(facts.summary(from, facts.end_of_trace(from)));
  }
  return out;
}

Result<std::vector<LakeStore::Loaded>> LakeStore::load(const Moment& moment,
                                                       const std::vector<TraceId>& ids,
                                                       const RowCondition& condition,
                                                       const Window& window, ReadCost& cost) {
  std::vector<Loaded> out;
  if (ids.empty()) return out;
  BL_TRY(const auto parts, parts_of(moment, ids, cost));
  Spans spans;
  bool is_all = true;
  for (const Part& part : parts) {
    SpanReads::Bounds bounds = part.bounds;
    bounds.spans_max = k_spans_at_once_max;
    BL_TRY(is_all, reads_->spans(moment.snapshot, part.files, bounds, spans));
    is_all = is_all && spans.size() <= k_spans_at_once_max;
    if (!is_all) break;
  }
  SpanFacts facts;
  if (is_all) {
    for (const Span& span : spans) facts.add(span);
  } else {
    spans.clear();
    for (const Part& part : parts) {
      BL_RETURN_IF_ERROR(reads_->facts(moment.snapshot, part.files, part.bounds, facts));
    }
  }
  facts.settle();
  std::map<TraceId, std::size_t> places;
  std::set<TraceId> large;
  for (std::size_t from = 0; from < facts.spans.size();) {
    const std::size_t to = facts.end_of_trace(from);
    const TraceId& id = facts.spans[from].trace_id;
    if (std::ranges::find(ids, id) != ids.end()) {
      places.emplace(id, out.size());
      out.push_back({facts.summary(from, to), {}});
      if (!is_all && out.back().summary.spans > k_spans_whole_max) large.insert(id);
    }
    from = to;
  }
  const RowCondition of_large = with_tied(condition, facts, large);
  const auto read = [&](bool are_large) -> Result<void> {
    for (const Part& part : parts) {
      SpanReads::Bounds bounds = part.bounds;
      std::erase_if(bounds.ids, [&](const TraceId& id) { return large.contains(id) != are_large; });
      if (bounds.ids.empty()) continue;
      if (are_large) bounds.condition = &of_large;
      if (are_large) bounds.starts = window;
      BL_TRY([[maybe_unused]] const bool is_whole,
             reads_->spans(moment.snapshot, part.files, bounds, spans));
    }
    return {};
  };
  if (!is_all) {
    BL_RETURN_IF_ERROR(read(false));
    BL_RETURN_IF_ERROR(read(true));
  }
  for (Span& span : spans) {
    const auto at = places.find(span.trace_id);
    if (at == places.end() || !facts.holds(span)) continue;
    out[at->second].spans.push_back(std::move(span));
  }
  for (Loaded& one : out) settle_spans(one.spans);
  return out;
}

}  // namespace bl::traces
