#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <limits>
#include <unordered_map>

#include "traces/store/filter_sql.h"
#include "traces/store/lake_store.h"

// Newest first. Candidates are traces with a row that meets what columns can say, by the greatest
// start of such a row: no matching span of the trace began later. They are loaded in that order and
// looked at exactly, until as many stand before all others as the page has.
//
// Candidates come from the row groups that may have one, by their facts, the newest first; nothing
// older is read once the page is full. Where a file is one that only the engine reads, it gives all
// candidates, hours by hours backward.
namespace bl::traces {
namespace {

constexpr std::int32_t k_hours_first = 6;
constexpr std::int32_t k_hours_growth = 4;
constexpr std::size_t k_ids_at_once = 256;

TraceId id_of(std::int64_t high, std::int64_t low) {
  return {std::bit_cast<std::uint64_t>(high), std::bit_cast<std::uint64_t>(low)};
}

}  // namespace

struct LakeStore::Search {
  const SearchQuery& query;
  const SpanMatcher& matcher;
  const RowCondition condition;
  const std::optional<PageEnd> after;
  Moment moment;
  std::set<TraceId> seen;
  std::vector<std::pair<PageEnd, TraceHit>> hits;
  bool is_partial = false;
  ReadCost cost;
  // Of files that were looked into; null: there are none.
  std::map<const lake::DataFile*, std::shared_ptr<const GroupFacts>> facts;
  std::set<const lake::DataFile*> files_read;
  // Traces that are not loaded yet, with the greatest start of a row of theirs that was read.
  std::unordered_map<TraceId, std::int64_t> newest;

  void add(const TraceId& id, std::int64_t start_ns) {
    if (seen.contains(id)) return;
    const auto [it, is_new] = newest.emplace(id, start_ns);
    if (!is_new) it->second = std::max(it->second, start_ns);
  }
  // Those that no row behind `bound` makes newer, in their order.
  std::vector<PageEnd> settled(std::optional<std::int64_t> bound) {
    std::vector<PageEnd> out;
    for (auto it = newest.begin(); it != newest.end();) {
      if (bound && it->second <= *bound) {
        ++it;
        continue;
      }
      out.push_back({it->second, it->first});
      it = newest.erase(it);
    }
    std::ranges::sort(out, stands_before);
    return out;
  }
  bool is_full(std::int64_t bound) const {
    return std::ranges::count_if(hits, [&](const auto& hit) {
             return hit.first.start_ns > bound;
           }) > static_cast<std::ptrdiff_t>(query.limit);
  }

  // How many hits surely come before every trace whose bound this is.
  std::size_t before(const PageEnd& bound) const {
    return static_cast<std::size_t>(std::ranges::count_if(
        hits, [&](const auto& hit) { return stands_before(hit.first, bound); }));
  }
};

// Loads candidates and keeps those that match. True: the page is full.
Result<bool> LakeStore::take(Search& search, const std::vector<PageEnd>& candidates) {
  const std::size_t wanted = search.query.limit + 1;
  for (std::size_t at = 0; at < candidates.size();) {
    if (search.before(candidates[at]) >= wanted) return true;
    std::vector<TraceId> ids;
    // More at once where few of many match.
    const std::size_t most = std::min(k_ids_at_once, std::max(wanted + 4, search.seen.size() / 2));
    for (; at < candidates.size() && ids.size() < most; ++at) {
      if (search.seen.size() >= search.query.candidates_max) {
        search.is_partial = true;
        break;
      }
      if (search.seen.insert(candidates[at].id).second) ids.push_back(candidates[at].id);
    }
    BL_TRY(auto loaded,
           load(search.moment, ids, search.condition, search.query.window, search.cost));
    for (Loaded& one : loaded) {
      PageEnd place{0, one.summary.id};
      TraceHit hit;
      const TraceFacts facts = facts_of(one.summary);
      for (Span& span : one.spans) {
        if (!search.query.window.contains(span.start_ns)) continue;
        if (!search.matcher.matches(span, facts)) continue;
        place.start_ns = span.start_ns;
        hit.matched += 1;
        if (hit.spans.size() < search.query.spans_of_trace) hit.spans.push_back(std::move(span));
      }
      if (hit.matched == 0 || (search.after && !stands_before(*search.after, place))) continue;
      hit.summary = std::move(one.summary);
      search.hits.emplace_back(place, std::move(hit));
    }
    if (search.is_partial) return true;
  }
  return false;
}

// Candidates of a piece of the window, the newest first, some at a time.
Result<void> LakeStore::search_hours(Search& search, const Window& window) {
  const Hours hours = hours_of(window);
  BL_TRY(const Files files,
         reads_->choose(files_within(search.moment, hours), hours, {}, search.cost));
  const std::string sql = sql_of(search.condition);
  std::size_t count = 4 * (search.query.limit + 1);
  std::optional<std::int64_t> below;  // candidates of that instant were given, perhaps not all
  for (;;) {
    SpanReads::Select select;
    select.select = "trace_high, trace_low, max(start_ns) AS newest";
    select.where =
        fmt::format("hour BETWEEN {} AND {} AND start_ns >= {} AND start_ns < {} AND ({})",
                    hours.first, hours.last, window.start_ns, window.end_ns, sql);
    select.rest = fmt::format(
        "GROUP BY trace_high, trace_low {} ORDER BY newest DESC, trace_high < 0, trace_high, "
        "trace_low < 0, trace_low LIMIT {}",
        below ? fmt::format("HAVING max(start_ns) <= {}", *below) : "", count);
    std::vector<PageEnd> candidates;
    const auto each = [&](const columns::Batch& batch) -> Result<void> {
      BL_TRY(const auto high, batch.column(0).as<std::int64_t>());
      BL_TRY(const auto low, batch.column(1).as<std::int64_t>());
      BL_TRY(const auto newest, batch.column(2).as<std::int64_t>());
      for (std::int64_t i = 0; i < batch.rows(); ++i) {
        candidates.push_back({newest[i], id_of(high[i], low[i])});
      }
      return {};
    };
    BL_RETURN_IF_ERROR(reads_->read(search.moment.snapshot, files, select, each));
    const bool was_all = candidates.size() < count;
    const std::size_t seen = search.seen.size();
    BL_TRY(const bool is_full, take(search, candidates));
    if (is_full || was_all) return {};
    below = candidates.back().start_ns;
    // All of them began at one instant: more of it at once.
    if (search.seen.size() == seen) count *= 4;
  }
}

// Of neighbours in time, those groups that may have a row.
Result<void> LakeStore::look_into(Search& search, std::span<SpanReads::GroupPlace> groups,
                                  const Window& window) {
  const ScanQuery query{search.condition, window};
  std::ranges::sort(
      groups, {}, [](const SpanReads::GroupPlace& one) { return std::pair(one.file, one.group); });
  std::vector<SpanReads::GroupPlace> wanted;
  const auto read = [&]() -> Result<void> {
    if (wanted.empty()) return {};
    search.cost.files_read += search.files_read.insert(wanted[0].file).second ? 1 : 0;
    BL_RETURN_IF_ERROR(
        reads_->scan(wanted, query, search.cost,
                     [&](const TraceId& id, std::int64_t start_ns) { search.add(id, start_ns); }));
    wanted.clear();
    return {};
  };
  for (const SpanReads::GroupPlace& one : groups) {
    const auto [known, is_new] = search.facts.try_emplace(one.file);
    if (is_new) known->second = facts_.of(*one.file, *one.layout);
    if (known->second != nullptr && !known->second->may_hold(one.group, search.condition)) continue;
    if (!wanted.empty() && wanted[0].file != one.file) BL_RETURN_IF_ERROR(read());
    wanted.push_back(one);
  }
  return read();
}

// False: a file is one that only the engine reads.
Result<bool> LakeStore::search_directly(Search& search, const Window& window) {
  const Files files = files_within(search.moment, hours_of(window));
  ReadCost cost = search.cost;
  BL_TRY(auto places, reads_->groups_within(files, window, cost));
  if (!places) return false;
  search.cost = cost;
  std::vector<SpanReads::GroupPlace>& groups = *places;
  std::ranges::sort(groups, std::greater(), &SpanReads::GroupPlace::newest);
  BL_RETURN_IF_ERROR(SpanReads::scan_tail(
      search.moment.snapshot, {search.condition, window},
      [&](const TraceId& id, std::int64_t start_ns) { search.add(id, start_ns); }));
  const auto deadline = parts_.clock.steady_now() + limits_.query_ms_max;
  for (std::size_t at = 0;;) {
    if (parts_.clock.steady_now() > deadline) {
      return Error{Code::timeout, fmt::format("a search took longer than it may, milliseconds: {}",
                                              limits_.query_ms_max.count())};
    }
    const bool is_end = at == groups.size();
    const auto bound = is_end ? std::optional<std::int64_t>() : groups[at].newest;
    BL_TRY(const bool is_full, take(search, search.settled(bound)));
    if (is_full || is_end || search.is_full(*bound)) break;
    // Groups of one hour lie by id: all of them are needed.
    const std::int32_t hour = hour_of(*bound);
    std::size_t end = at;
    while (end < groups.size() && hour_of(groups[end].newest) == hour) ++end;
    BL_RETURN_IF_ERROR(look_into(search, std::span(groups).subspan(at, end - at), window));
    at = end;
  }
  search.cost.files_pruned += std::ssize(files) - std::ssize(search.files_read);
  return true;
}

Result<void> LakeStore::search_by_engine(Search& search, const Window& rest) {
  const SearchQuery& query = search.query;
  // Hours without a span are not gone through.
  std::int32_t first = std::numeric_limits<std::int32_t>::max(), last = k_all_hours.first;
  for (const columns::Batch& batch : search.moment.snapshot.tail()) {
    BL_TRY(const auto column, batch.column("hour"));
    BL_TRY(const auto hour, column.as<std::int32_t>());
    for (std::int64_t i = 0; i < batch.rows(); ++i) {
      first = std::min(first, hour[i]);
      last = std::max(last, hour[i]);
    }
  }
  BL_TRY(const Hours of_files,
         reads_->hours_in(files_within(search.moment, hours_of(rest)), search.cost));
  first = std::min(first, of_files.first);
  last = std::max(last, of_files.last);
  std::int64_t size = k_hours_first;
  std::size_t found = 0;  // that come before every trace that was not met yet
  const Hours wanted = hours_of(rest);
  std::int64_t hour = std::min(wanted.last, last);
  const std::int64_t end = std::max(wanted.first, first);
  while (hour >= end && found <= query.limit && !search.is_partial) {
    const std::int64_t from = std::max(end, hour - size + 1);
    Window piece;
    piece.start_ns = from == wanted.first ? rest.start_ns : from * k_hour_ns;
    piece.end_ns = hour == wanted.last ? rest.end_ns : (hour + 1) * k_hour_ns;
    BL_RETURN_IF_ERROR(search_hours(search, piece));
    found = static_cast<std::size_t>(std::ranges::count_if(
        search.hits, [&](const auto& hit) { return hit.first.start_ns >= piece.start_ns; }));
    hour = from - 1;
    size *= k_hours_growth;
  }
  return {};
}

Result<SearchAnswer> LakeStore::search(const SearchQuery& query) {
  BL_RETURN_IF_ERROR(check(query));
  BL_TRY(const auto after, page_end(query));
  BL_TRY(const SpanMatcher matcher, SpanMatcher::make(query.filter));
  Search search{.query = query,
                .matcher = matcher,
                .condition = row_condition_of(query.filter),
                .after = after,
                .moment = now()};
  search.cost.data_version = search.moment.snapshot.id();
  search.cost.searched = query.window;
  Window rest = query.window;
  if (after && after->start_ns < rest.end_ns) rest.end_ns = after->start_ns + 1;
  if (rest.start_ns < rest.end_ns) {
    auto is_done = search_directly(search, rest);
    if (!is_done.ok() && is_done.error().code != Code::unsupported) return is_done.error();
    const bool is_direct = is_done.ok() && *is_done;
    (is_direct ? direct_searches_ : engine_searches_).add();
    if (!is_direct) {
      search.seen.clear();
      search.hits.clear();
      search.is_partial = false;
      BL_RETURN_IF_ERROR(search_by_engine(search, rest));
    }
  }
  std::ranges::sort(search.hits,
                    [](const auto& a, const auto& b) { return stands_before(a.first, b.first); });
  SearchAnswer answer;
  answer.cost = search.cost;
  if (search.hits.size() > query.limit) {
    answer.next_page = page_token(search.hits[query.limit - 1].first, query);
    search.hits.resize(query.limit);
  }
  for (auto& [place, hit] : search.hits) answer.traces.push_back(std::move(hit));
  if (search.is_partial) {
    answer.partial_reason =
        fmt::format("looked at {} traces, which is as many as one search may", search.seen.size());
  }
  return answer;
}

}  // namespace bl::traces
