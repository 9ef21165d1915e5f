#include <algorithm>
#include <unordered_set>

#include "events/index/index_impl.h"

// Questions about events: found by the index, read back from their rows.
namespace bl::events {

using index::Asked;

std::shared_lock<std::shared_mutex> EventIndex::Impl::lock_shared() const {
  {
    const std::lock_guard turn(gate_);
  }
  return std::shared_lock(mutex_);
}

std::unique_lock<std::shared_mutex> EventIndex::Impl::lock_alone() const {
  const std::lock_guard turn(gate_);
  return std::unique_lock(mutex_);
}

EventIndex::Impl::View EventIndex::Impl::view() const {
  View view;
  view.disk = state_;
  view.frozen = frozen_;
  view.arena = active_->arena();
  view.active_first = active_->first();
  return view;
}

StoredRow EventIndex::Impl::View::row(std::int64_t place) const {
  if (place < disk->rows.end()) return disk->rows.file_of(place).row(place);
  for (const auto& part : frozen)
    if (place < part->end()) return part->row(place);
  return active_row(place).row;
}

const EventIndex::Impl::ActiveRow& EventIndex::Impl::View::active_row(std::int64_t place) const {
  const auto at =
      std::lower_bound(active.begin(), active.end(), place,
                       [](const ActiveRow& one, std::int64_t p) { return one.row.place < p; });
  BL_CHECK(at != active.end() && at->row.place == place);
  return *at;
}

void EventIndex::Impl::View::sort() {
  const auto by_place = [](const ActiveRow& a, const ActiveRow& b) {
    return a.row.place < b.row.place;
  };
  if (!std::is_sorted(active.begin(), active.end(), by_place))
    std::sort(active.begin(), active.end(), by_place);
}

std::optional<std::int64_t> EventIndex::Impl::View::find(const index::EventKey& key,
                                                         std::uint64_t hash) const {
  for (const auto& keys : disk->keys)
    if (const auto place = keys->find(key, hash, disk->rows)) return place;
  for (const auto& part : frozen)
    if (const auto place = part->find(key, hash)) return place;
  return std::nullopt;
}

void EventIndex::Impl::take_active(std::int64_t place, View& view) const {
  ActiveRow taken{active_->row(place), {}};
  if (!taken.row.tag.is_repeated()) taken.build = entities_.builds.texts.text(taken.row.build);
  view.active.push_back(std::move(taken));
}

void EventIndex::Impl::take_active(const std::vector<Hit>& hits, View& view) const {
  for (const Hit& hit : hits)
    if (hit.place >= active_->first()) take_active(hit.place, view);
  view.sort();
}

// The next open begins anew.
Error EventIndex::Impl::damaged(Error error) const {
  if (error.code != Code::corrupt) return error;
  *is_damaged_ = true;
  if (!is_disowned_.exchange(true)) {
    rebuilds_.add();
    folder_.disown();
  }
  return error;
}

Result<std::vector<BuildEvent>> EventIndex::Impl::decode(
    const View& view, const std::vector<std::int64_t>& places) const {
  std::vector<StoredRow> rows;
  rows.reserve(places.size());
  std::size_t bytes = 0;
  for (const std::int64_t place : places) {
    rows.push_back(view.row(place));
    bytes += rows.back().bytes.size();
    if (bytes > limits_.read_bytes_max)
      return Error{Code::too_large, "the events of the answer have more bytes than " +
                                        std::to_string(limits_.read_bytes_max)};
  }
  std::vector<std::string> builds;
  builds.reserve(rows.size());
  {
    const auto lock = lock_shared();
    for (const StoredRow& row : rows) {
      if (row.place >= view.active_first) {
        builds.push_back(view.active_row(row.place).build);
        continue;
      }
      const auto& texts = entities_.builds.texts;
      // Codes come from files: one that is none is the row's fault.
      if (row.build >= texts.size() || row.tag.is_repeated())
        return damaged(Error{Code::corrupt,
                             "the index has no event at the place " + std::to_string(row.place)});
      builds.emplace_back(texts.text(row.build));
    }
  }
  std::vector<BuildEvent> events;
  events.reserve(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    auto event = index::event_of(rows[i], builds[i]);
    if (!event.ok()) return damaged(std::move(event).error());
    events.push_back(std::move(event).value());
  }
  return events;
}

Result<Events> EventIndex::Impl::answer(View view, std::vector<Hit> hits, std::size_t limit) const {
  if (!std::is_sorted(hits.begin(), hits.end())) std::sort(hits.begin(), hits.end());
  Events answer;
  answer.has_more = hits.size() > limit;
  if (answer.has_more) hits.resize(limit);
  std::vector<std::int64_t> places;
  places.reserve(hits.size());
  for (const Hit& hit : hits) places.push_back(hit.place);
  BL_TRY(answer.events, decode(view, places));
  return answer;
}

Result<Events> EventIndex::Impl::events_of(Kind kind, std::string_view text,
                                           const Slice& slice) const {
  std::string compacted(text);
  if (kind == Kind::build || kind == Kind::run) index::compact(text, compacted);
  if (kind == Kind::run && text.empty()) return Events{};
  std::vector<Hit> hits;
  Asked asked{kind, 0, slice.since, slice.limit + 1};
  View view;
  {
    const auto lock = lock_shared();
    const auto code = entities_.find(kind, compacted);
    if (!code) return Events{};
    asked.code = *code;
    view = this->view();
    active_->find_events(asked, hits);
    take_active(hits, view);
  }
  for (const auto& part : view.frozen) part->find_events(asked, hits);
  for (const auto& keys : view.disk->keys) keys->find_events(asked, view.disk->rows, hits);
  return answer(std::move(view), std::move(hits), slice.limit);
}

Result<Events> EventIndex::Impl::events_in_range(std::int64_t start, std::int64_t end,
                                                 std::size_t limit) const {
  std::vector<Hit> hits;
  View view;
  {
    const auto lock = lock_shared();
    view = this->view();
    active_->find_in_range(start, end, limit + 1, hits);
    take_active(hits, view);
  }
  for (const auto& part : view.frozen) part->find_in_range(start, end, limit + 1, hits);
  for (const auto& keys : view.disk->keys)
    keys->find_in_range(start, end, limit + 1, view.disk->rows, hits);
  return answer(std::move(view), std::move(hits), limit);
}

std::optional<std::int64_t> EventIndex::Impl::place_of(std::string_view event_id) const {
  const index::EventKey key = index::event_key(event_id);
  const std::uint64_t hash = key.hash();
  View view;
  {
    const auto lock = lock_shared();
    if (const auto place = active_->find(key, hash)) return place;
    view = this->view();
  }
  return view.find(key, hash);
}

Result<BuildEvent> EventIndex::Impl::event_at(std::int64_t place) const {
  View view;
  {
    const auto lock = lock_shared();
    if (place < 0 || place >= active_->end())
      return Error{Code::not_found, "the index has no place " + std::to_string(place)};
    view = this->view();
    if (place >= active_->first()) take_active(place, view);
  }
  if (view.row(place).tag.is_repeated())
    return Error{Code::not_found,
                 "the event's id was there before its place " + std::to_string(place)};
  BL_TRY(auto events, decode(view, {place}));
  return std::move(events.front());
}

std::vector<std::string> EventIndex::Impl::active_builds_for_partition(std::string_view ref) const {
  Asked asked{Kind::partition, 0, std::nullopt, std::numeric_limits<std::size_t>::max()};
  std::vector<Hit> hits;
  View view;
  {
    const auto lock = lock_shared();
    const auto code = entities_.find(Kind::partition, ref);
    if (!code) return {};
    asked.code = *code;
    view = this->view();
    active_->find_events(asked, hits);
    take_active(hits, view);
  }
  for (const auto& part : view.frozen) part->find_events(asked, hits);
  for (const auto& keys : view.disk->keys) keys->find_events(asked, view.disk->rows, hits);
  if (!std::is_sorted(hits.begin(), hits.end())) std::sort(hits.begin(), hits.end());
  std::erase_if(hits, [&](const Hit& hit) {
    using enum PartitionStatus;
    const StoredRow row = view.row(hit.place);
    const auto status = static_cast<PartitionStatus>(row.tag.status());
    return row.tag.type() != EventType::partition ||
           (status != requested && status != scheduled && status != building);
  });
  std::vector<std::string> active;
  std::unordered_set<std::uint32_t> given;
  const auto lock = lock_shared();
  for (const Hit& hit : hits) {
    auto build = std::optional<std::uint32_t>(view.row(hit.place).build);
    if (hit.place >= view.active_first)
      build = entities_.find(Kind::build, view.active_row(hit.place).build);
    if (!build || *build >= entities_.builds.states.size()) continue;
    const index::BuildState& state = entities_.builds.states[*build];
    if (!state.updated.is_set() || !is_active(static_cast<BuildRequestStatus>(state.status)))
      continue;
    if (given.insert(*build).second)
      active.push_back(index::expand(entities_.builds.texts.text(*build)));
  }
  return active;
}

}  // namespace bl::events
