#include <algorithm>
#include <limits>

#include "events/event_filter.h"
#include "events/index/index_impl.h"

// Events by place, behind one, that match a filter. The member of the filter that fewest events
// have gives candidates, a few at a time; each is read and matched as a whole.
namespace bl::events {

/// Which places can match: those of these entities; of all, when no member of the filter narrows.
struct EventIndex::Impl::Candidates {
  bool are_all = true;
  Kind kind = Kind::build;
  std::vector<std::uint32_t> codes;
};

namespace {

constexpr std::size_t k_codes_max = 10'000;  // more narrow too little for their cost

}  // namespace

EventIndex::Impl::Candidates EventIndex::Impl::candidates_of(const EventFilter& filter) const {
  // Without counting: a run has the fewest events, then a build, a partition, a label.
  const auto of = [&](Kind kind, const std::vector<std::string>& texts) {
    Candidates found{false, kind, {}};
    std::string compacted;
    for (const std::string& text : texts) {
      compacted = text;
      if (kind == Kind::build || kind == Kind::run) index::compact(text, compacted);
      if (const auto code = entities_.find(kind, compacted)) found.codes.push_back(*code);
    }
    return found;
  };
  const std::array<std::pair<Kind, const std::vector<std::string>*>, 4> members{
      {{Kind::run, &filter.job_run_ids},
       {Kind::build, &filter.build_request_ids},
       {Kind::partition, &filter.partition_refs},
       {Kind::label, &filter.job_labels}}};
  for (const auto& [kind, texts] : members)
    if (!texts->empty() && texts->size() <= k_codes_max) return of(kind, *texts);
  if (filter.partition_patterns.empty()) return {};
  Candidates found{false, Kind::partition, {}};
  const auto& texts = entities_.partitions.texts;
  for (std::uint32_t code = 0; code < texts.size(); ++code) {
    const std::string_view ref = texts.text(code);
    const auto& patterns = filter.partition_patterns;
    if (std::any_of(patterns.begin(), patterns.end(),
                    [&](const std::string& pattern) { return glob_matches(pattern, ref); }))
      found.codes.push_back(code);
    if (found.codes.size() > k_codes_max) return {};
  }
  return found;
}

std::vector<std::int64_t> EventIndex::Impl::next_places(const View& view,
                                                        const Candidates& candidates,
                                                        std::int64_t from, std::int64_t end,
                                                        std::size_t count) const {
  std::vector<std::int64_t> places;
  if (candidates.are_all) {
    for (; from < end && places.size() < count; ++from) places.push_back(from);
    return places;
  }
  const auto add = [&](std::int64_t part_end, auto&& find) {
    if (places.size() >= count || part_end <= from) return;
    for (const std::uint32_t code : candidates.codes) find(code);
    // An event may belong to several; parts do not overlap.
    std::sort(places.begin(), places.end());
    places.erase(std::unique(places.begin(), places.end()), places.end());
  };
  for (const auto& keys : view.disk->keys)
    add(keys->end(), [&](std::uint32_t code) {
      keys->find_places(candidates.kind, code, from - 1, count, view.disk->rows, places);
    });
  const auto of_part = [&](const MemoryPart& part) {
    add(part.end(), [&](std::uint32_t code) {
      for (const std::int64_t place : part.places(candidates.kind, code))
        if (place >= from) places.push_back(place);
    });
  };
  for (const auto& part : view.frozen) of_part(*part);
  if (end > view.active_first) of_part(*active_);  // the lock is held then
  places.erase(std::lower_bound(places.begin(), places.end(), end), places.end());
  if (places.size() > count) places.resize(count);
  return places;
}

Result<EventPage> EventIndex::Impl::list(Sequence after, std::int64_t end,
                                         const EventFilter& filter, std::size_t limit) const {
  EventPage page;
  page.next = std::max<Sequence>(after, end);
  const std::size_t together = std::min<std::size_t>(limit + 1, 4096);
  Candidates candidates;
  bool has_candidates = false;
  const auto may_match = [&](const StoredRow& row) {
    const auto& types = filter.types;
    return !row.tag.is_repeated() &&
           (types.empty() || std::find(types.begin(), types.end(), row.tag.type()) != types.end());
  };
  for (std::int64_t from = std::max<Sequence>(after, 0); from < end;) {
    View view;
    std::vector<std::int64_t> places;
    std::int64_t until = 0;
    {
      const auto lock = lock_shared();
      if (!has_candidates) candidates = candidates_of(filter);
      has_candidates = true;
      view = this->view();
      end = std::min(end, active_->end());
      until = from < view.active_first ? std::min(end, view.active_first) : end;
      if (from >= view.active_first) {
        places = next_places(view, candidates, from, until, together);
        for (const std::int64_t place : places) take_active(place, view);
      }
    }
    if (from < view.active_first) places = next_places(view, candidates, from, until, together);
    from = places.size() < together ? until : places.back() + 1;
    std::erase_if(places, [&](std::int64_t place) { return !may_match(view.row(place)); });
    BL_TRY(std::vector<BuildEvent> events, decode(view, places));
    for (std::size_t i = 0; i < events.size(); ++i) {
      if (!matches(filter, events[i])) continue;
      if (page.events.size() == limit) {
        page.has_more = true;
        page.next = page.events.back().sequence;
        return page;
      }
      page.events.push_back({places[i] + 1, std::move(events[i])});
    }
  }
  return page;
}

}  // namespace bl::events
