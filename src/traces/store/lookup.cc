#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <tuple>

#include "traces/store/lake_store.h"

// By id. The index says between which instants the spans of a trace began; of the files that it
// does not cover yet those are read whose row groups may hold the id. So the answer is the whole,
// whether the index is complete, behind, or lost. Windows are looked through only when a caller
// refuses that, or asks for one way.
namespace bl::traces {
namespace {

constexpr std::int64_t k_least = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t k_greatest = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t k_day_ns = 24 * k_hour_ns;
constexpr std::int64_t k_margin_ns = k_hour_ns;  // so near to an edge, there may be more behind it
// Larger traces are read in two steps, so that memory holds facts of all and spans of a page.
constexpr std::size_t k_spans_whole_max = 60'000;
// More files than this that the index does not know are no longer "the newest ones".
constexpr std::size_t k_recent_files_max = 8;

std::int64_t add(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  if (__builtin_add_overflow(a, b, &sum)) return b < 0 ? k_least : k_greatest;
  return sum;
}

bool is_behind(const TraceQuery& query, std::int64_t start_ns, SpanId id, SpanKind kind) {
  if (!query.after) return true;
  const auto& after = *query.after;
  return std::tie(after.start_ns, after.span_id, after.kind) < std::tie(start_ns, id, kind);
}

std::string text_of(const Window& window) {
  return fmt::format("[{}, {}) ns", window.start_ns, window.end_ns);
}

}  // namespace

Window Window::pad(std::int64_t by_ns) const {
  return {add(start_ns, -std::max<std::int64_t>(by_ns, 0)),
          add(end_ns, std::max<std::int64_t>(by_ns, 0))};
}

std::string_view name_of(LookupPath path) {
  switch (path) {
    case LookupPath::hint:
      return "hint";
    case LookupPath::bounds:
      return "bounds";
    case LookupPath::recent:
      return "recent";
    case LookupPath::windows:
      return "windows";
    case LookupPath::full:
      return "full";
  }
  return "";
}

// Spans are large: keys with all that orders them are sorted, and each span moves once.
std::int64_t settle_spans(Spans& spans) {
  struct Key {
    std::int64_t start_ns, end_ns;
    SpanId id;
    SpanKind kind;
    std::uint32_t at;
  };
  std::vector<Key> keys;
  keys.reserve(spans.size());
  for (const Span& span : spans) {
    keys.push_back({span.start_ns, span.end_ns, span.span_id, span.kind,
                    static_cast<std::uint32_t>(keys.size())});
  }
  const auto same = [](const Key& key) { return std::tie(key.id, key.kind); };
  std::ranges::sort(keys, [&](const Key& a, const Key& b) {
    if (same(a) != same(b)) return same(a) < same(b);
    return counts_before(spans[a.at], spans[b.at]);
  });
  const auto gone =
      std::ranges::unique(keys, [&](const Key& a, const Key& b) { return same(a) == same(b); });
  const auto count = std::ssize(gone);
  keys.erase(gone.begin(), gone.end());
  // As is_before() has it.
  const auto place = [](const Key& key) {
    return std::tie(key.start_ns, key.id, key.kind, key.end_ns);
  };
  std::ranges::sort(keys, [&](const Key& a, const Key& b) { return place(a) < place(b); });
  Spans settled;
  settled.reserve(keys.size());
  for (const Key& key : keys) settled.push_back(std::move(spans[key.at]));
  spans = std::move(settled);
  return count;
}

// A lookup on its way.
struct LakeStore::Lookup {
  Moment moment;
  std::optional<TraceBounds> bounds;  // of the files that the index covers
  Spans spans;
  bool is_large = false;  // more than fit: facts and pages instead
  bool is_whole = false;  // there are no other spans
  ReadCost cost;
  std::vector<std::pair<Files, Hours>> read;  // what was, for a second look
};

Result<TraceStore::Found> LakeStore::trace(const TraceQuery& query) {
  const std::string key = AnswerCache::key_of(query);
  const std::uint64_t version = cache_.version(query.id);
  if (const auto known = cache_.find(key, version)) {
    Found found{*known, {}};
    ReadCost& cost = found.trace->cost;
    cost = {.path = cost.path,
            .searched = cost.searched,
            .cache_hits = 1,
            .data_version = cost.data_version};
    found.cost = cost;
    return found;
  }
  auto found = look_up(query);
  if (!found.ok()) return found;
  if (found->cost.path) lookups_.at(*found->cost.path).add();
  fallbacks_.add(static_cast<double>(found->cost.fallbacks));
  if (found->trace && found->trace->partial_reason.empty()) {
    // Of very many spans their number says that they are too large.
    const Spans& spans = found->trace->spans;
    const std::size_t least = spans.size() * sizeof(Span);
    const std::size_t bytes =
        sizeof(TraceAnswer) + (least > limits_.cache_bytes_max / 8 ? least : bytes_of(spans));
    if (cache_.takes(bytes)) {
      cache_.add(key, version, std::make_shared<TraceAnswer>(*found->trace), bytes);
    }
  }
  return found;
}

Result<TraceStore::Found> LakeStore::look_up(const TraceQuery& query) {
  Lookup lookup{.moment = now()};
  lookup.bounds = lookup.moment.index->find(query.id);
  lookup.cost.data_version = lookup.moment.snapshot.id();
  const bool is_known = lookup.moment.uncovered->size() <= k_recent_files_max;
  if (query.only) {
    BL_RETURN_IF_ERROR(read_windows(query, *query.only, lookup));
  } else if (is_known || query.allow_full) {
    BL_RETURN_IF_ERROR(read_known(query, lookup));
  } else {
    BL_RETURN_IF_ERROR(
        read_windows(query, query.hint ? LookupPath::hint : LookupPath::recent, lookup));
    if (lookup.spans.empty() && !lookup.is_whole) {
      lookup.cost.fallbacks += 1;
      BL_RETURN_IF_ERROR(read_windows(query, LookupPath::windows, lookup));
    }
  }
  Found found;
  if (lookup.spans.empty()) {
    found.cost = lookup.cost;
    if (lookup.is_whole || query.only) return found;
    return Error{Code::not_found,
                 fmt::format("no span of this trace began within {}, and what lies outside was not "
                             "looked at, trace: {}",
                             lookup.cost.searched ? text_of(*lookup.cost.searched) : "the window",
                             query.id.hex())};
  }
  BL_TRY(TraceAnswer answer,
         lookup.is_large ? answer_of_large(query, lookup) : answer_of(query, lookup));
  if (!lookup.is_whole) {
    answer.partial_reason =
        "only spans that began within " +
        (lookup.cost.searched ? text_of(*lookup.cost.searched) : std::string("the window")) +
        " were looked for";
  }
  answer.cost = lookup.cost;
  found.cost = lookup.cost;
  found.trace = std::move(answer);
  return found;
}

// Files whose rows of that trace are wanted; row groups that cannot have them stay closed.
Result<void> LakeStore::read_files(const TraceId& id, const Files& files, const Hours& hours,
                                   Lookup& lookup) {
  BL_TRY(Files chosen, reads_->choose(files, hours, {id}, lookup.cost));
  if (chosen.empty()) return {};
  lookup.read.emplace_back(chosen, hours);
  if (lookup.is_large) return {};
  SpanReads::Bounds bounds;
  bounds.ids = {id};
  bounds.hours = hours;
  bounds.has_tail = false;
  bounds.spans_max = k_spans_whole_max;
  BL_TRY(const bool is_all, reads_->spans(lookup.moment.snapshot, chosen, bounds, lookup.spans));
  lookup.is_large = !is_all || lookup.spans.size() > k_spans_whole_max;
  return {};
}

// The way of nearly all questions: everything that may hold a span, and nothing else.
Result<void> LakeStore::read_known(const TraceQuery& query, Lookup& lookup) {
  SpanReads::Bounds tail;
  tail.ids = {query.id};
  tail.spans_max = k_spans_whole_max;
  BL_TRY(const bool is_all, reads_->spans(lookup.moment.snapshot, {}, tail, lookup.spans));
  lookup.is_large = !is_all;
  lookup.cost.path = LookupPath::bounds;
  // Those that read_files() is not asked for, the index rules out.
  std::int64_t ruled_out =
      std::ssize(lookup.moment.snapshot.files().files()) - std::ssize(*lookup.moment.uncovered);
  if (lookup.bounds) {
    const Window extent{lookup.bounds->start_ns, add(lookup.bounds->end_ns, 1)};
    lookup.cost.searched = extent;
    if (query.hint) {
      const Window hint = query.hint->pad(query.hint_pad_ns);
      const bool is_within = hint.start_ns <= extent.start_ns && extent.end_ns <= hint.end_ns;
      lookup.cost.path = is_within ? LookupPath::hint : LookupPath::bounds;
      lookup.cost.fallbacks += is_within ? 0 : 1;
    }
    const Hours hours = hours_of(extent);
    Files files = files_within(lookup.moment, hours);
    std::erase_if(files, [&](const lake::DataFile* file) {
      return !lookup.moment.index->covered.contains(file->key);
    });
    ruled_out -= std::ssize(files);
    BL_RETURN_IF_ERROR(read_files(query.id, files, hours, lookup));
  } else if (!lookup.spans.empty()) {
    lookup.cost.path = LookupPath::recent;
  }
  lookup.cost.files_considered += ruled_out;
  lookup.cost.files_pruned += ruled_out;
  if (!lookup.moment.is_covered()) {
    const bool are_few = lookup.moment.uncovered->size() <= k_recent_files_max;
    lookup.cost.path = are_few ? LookupPath::recent : LookupPath::full;
    lookup.cost.searched.reset();
    BL_RETURN_IF_ERROR(read_files(query.id, *lookup.moment.uncovered, k_all_hours, lookup));
  }
  lookup.is_whole = true;
  return {};
}

// Tail and files of a window; nullopt: all.
Result<void> LakeStore::read_window(const TraceId& id, const std::optional<Window>& window,
                                    Lookup& lookup) {
  lookup.spans.clear();
  lookup.read.clear();
  lookup.is_large = false;
  lookup.cost.searched = window;
  SpanReads::Bounds tail;
  tail.ids = {id};
  tail.spans_max = k_spans_whole_max;
  BL_TRY(const bool is_all, reads_->spans(lookup.moment.snapshot, {}, tail, lookup.spans));
  lookup.is_large = !is_all;
  const Hours hours = window ? hours_of(*window) : k_all_hours;
  const Files files = files_within(lookup.moment, hours);
  BL_RETURN_IF_ERROR(read_files(id, files, hours, lookup));
  const bool are_all_files = files.size() == lookup.moment.snapshot.files().files().size();
  const auto& bounds = lookup.bounds;
  const bool is_within =
      lookup.moment.is_covered() && (!bounds || (window && window->contains(bounds->start_ns) &&
                                                 window->contains(bounds->end_ns)));
  lookup.is_whole = !window || is_within || (are_all_files && hours.first == k_all_hours.first);
  return {};
}

// Larger and larger windows around what the way begins with, until no span lies near an edge.
Result<void> LakeStore::read_windows(const TraceQuery& query, LookupPath path, Lookup& lookup) {
  lookup.cost.path = path;
  const std::int64_t now_ns = parts_.clock.now().micros * 1'000;
  Window window{add(now_ns, -k_day_ns), k_greatest};
  if (path == LookupPath::full) return read_window(query.id, std::nullopt, lookup);
  if (path == LookupPath::hint) {
    if (!query.hint) return Error{Code::invalid, "the way is by hint, and there is none"};
    window = query.hint->pad(query.hint_pad_ns);
  }
  if (path == LookupPath::bounds) {
    // Without bounds the tail is all that there may be.
    window = lookup.bounds ? Window{lookup.bounds->start_ns, add(lookup.bounds->end_ns, 1)}
                           : Window{0, 0};
    return read_window(query.id, window, lookup);
  }
  std::int64_t grow_ns = k_day_ns;
  for (;;) {
    BL_RETURN_IF_ERROR(read_window(query.id, window, lookup));
    if (lookup.is_whole || lookup.is_large) return {};
    const auto is_near = [&](const Span& span) {
      return (window.start_ns != k_least && span.start_ns < add(window.start_ns, k_margin_ns)) ||
             (window.end_ns != k_greatest && span.start_ns >= add(window.end_ns, -k_margin_ns));
    };
    const bool has_root = std::ranges::any_of(
        lookup.spans, [](const Span& span) { return !span.parent_span_id.has_value(); });
    const bool touches = std::ranges::any_of(lookup.spans, is_near);
    const bool goes_on = path == LookupPath::windows && (lookup.spans.empty() || !has_root);
    if (!touches && !goes_on) return {};
    // Nothing is before the first hour or behind the last one of any file.
    if (window.start_ns == k_least && window.end_ns == k_greatest) return {};
    lookup.cost.fallbacks += 1;
    window = window.pad(grow_ns);
    grow_ns = add(grow_ns, grow_ns);
  }
}

Result<TraceAnswer> LakeStore::answer_of(const TraceQuery& query, Lookup& lookup) {
  TraceAnswer answer;
  answer.repeated = settle_spans(lookup.spans);
  SpanFacts facts;  // as settled as the spans are
  facts.spans.reserve(lookup.spans.size());
  for (const Span& span : lookup.spans) facts.add(span);
  answer.summary = facts.summary(0, facts.spans.size());
  if (!query.after && !query.family && lookup.spans.size() <= query.spans_max) {
    answer.spans = std::move(lookup.spans);
    return answer;
  }
  for (Span& span : lookup.spans) {
    if (!is_behind(query, span.start_ns, span.span_id, span.kind)) continue;
    if (!query.wants(span.span_id, span.parent_span_id)) continue;
    if (answer.spans.size() == query.spans_max) {
      answer.has_more = true;
      break;
    }
    answer.spans.push_back(std::move(span));
  }
  return answer;
}

// Facts of all spans give the summary and say which ones the page has; those are read whole.
Result<TraceAnswer> LakeStore::answer_of_large(const TraceQuery& query, Lookup& lookup) {
  lookup.spans = {};
  SpanFacts facts;
  SpanReads::Bounds bounds;
  bounds.ids = {query.id};
  const auto each_part = [&](const auto& read) -> Result<void> {
    BL_RETURN_IF_ERROR(read(Files(), bounds));
    bounds.has_tail = false;
    for (const auto& [files, hours] : lookup.read) {
      bounds.hours = hours;
      BL_RETURN_IF_ERROR(read(files, bounds));
    }
    bounds.hours = k_all_hours;
    bounds.has_tail = true;
    return {};
  };
  BL_RETURN_IF_ERROR(each_part([&](const Files& files, const SpanReads::Bounds& part) {
    return reads_->facts(lookup.moment.snapshot, files, part, facts);
  }));
  TraceAnswer answer;
  answer.repeated = facts.settle();
  answer.summary = facts.summary(0, facts.spans.size());
  std::vector<const SpanFact*> page;
  for (const SpanFact& fact : facts.spans) {
    if (!is_behind(query, fact.start_ns, fact.span_id, fact.kind)) continue;
    if (!query.wants(fact.span_id, fact.has_parent ? std::optional(fact.parent) : std::nullopt)) {
      continue;
    }
    if (page.size() == query.spans_max) {
      answer.has_more = true;
      break;
    }
    page.push_back(&fact);
  }
  if (page.empty()) return answer;
  bounds.starts = Window{page.front()->start_ns, add(page.back()->start_ns, 1)};
  Spans spans;
  BL_RETURN_IF_ERROR(each_part([&](const Files& files,
                                   const SpanReads::Bounds& part) -> Result<void> {
    const auto begin = std::ssize(spans);
    BL_TRY([[maybe_unused]] const bool is_all,
           reads_->spans(lookup.moment.snapshot, files, part, spans));
    const auto is_not_of_page = [&](const Span& span) {
      return !query.wants(span.span_id, span.parent_span_id) ||
             !is_behind(query, span.start_ns, span.span_id, span.kind) || !facts.holds(span);
    };
    spans.erase(std::remove_if(spans.begin() + begin, spans.end(), is_not_of_page), spans.end());
    return {};
  }));
  settle_spans(spans);
  if (spans.size() > page.size()) spans.resize(page.size());
  answer.spans = std::move(spans);
  return answer;
}

}  // namespace bl::traces
