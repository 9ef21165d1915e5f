#include "events/index/memory_part.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"

namespace bl::events::index {

std::string_view RowArena::keep(std::string_view row) {
  if (row.size() > room_) {
    const std::size_t size = std::max(k_chunk, row.size());
    chunks_.push_back(std::make_unique<char[]>(size));
    next_ = chunks_.back().get();
    room_ = size;
    bytes_ += size;
  }
  char* const kept = next_;
  if (!row.empty()) std::memcpy(kept, row.data(), row.size());
  next_ += row.size();
  room_ -= row.size();
  return {kept, row.size()};
}

bool MemoryPart::is(std::uint32_t place, const EventKey& key) const {
  return events_[place].id == key.bytes && events_[place].tag.has_text_id() == !key.is_uuid;
}

std::size_t MemoryPart::slot_of(const EventKey& key, std::uint64_t hash) const {
  const std::size_t mask = ids_.size() - 1;
  std::size_t at = (hash >> 32) & mask;
  while (ids_[at] != 0 && (ids_[at] >> 32 != hash >> 32 ||
                           !is(static_cast<std::uint32_t>(ids_[at] & 0xffffffff) - 1, key)))
    at = (at + 1) & mask;
  return at;
}

void MemoryPart::grow_ids() {
  const std::size_t slots = std::max<std::size_t>(64, ids_.size() * 2);
  // By place, so that the one that came last is in nobody's way.
  std::vector<std::uint64_t> by_place(events_.size());
  for (const std::uint64_t id : ids_)
    if (id != 0) by_place[(id & 0xffffffff) - 1] = id;
  ids_.assign(slots, 0);
  for (const std::uint64_t id : by_place) {
    if (id == 0) continue;
    std::size_t at = (id >> 32) & (slots - 1);
    while (ids_[at] != 0) at = (at + 1) & (slots - 1);
    ids_[at] = id;
  }
}

void MemoryPart::remember_id(const EventKey& key, std::uint64_t hash) {
  if ((id_count_ + 1) * 3 > ids_.size() * 2) grow_ids();
  ids_[slot_of(key, hash)] = hash >> 32 << 32 | events_.size();
  ++id_count_;
}

void MemoryPart::link(std::size_t kind, std::uint32_t code, std::uint32_t place) {
  Chains& chains = chains_[kind];
  if (code >= chains.heads.size()) chains.heads.resize(std::max<std::size_t>(code + 1, 64), 0);
  chains.entries.push_back({place, code, chains.heads[code]});
  chains.heads[code] = static_cast<std::uint32_t>(chains.entries.size());
}

void MemoryPart::add(const StoredRow& row, std::uint64_t id_hash, const Codes& codes) {
  const auto place = static_cast<std::uint32_t>(events_.size());
  BL_CHECK(row.place == end() && place < k_no_code);
  events_.push_back({row.id, row.timestamp, row.bytes, row.build, row.check, row.tag});
  remember_id({row.id, !row.tag.has_text_id()}, id_hash);
  for (std::size_t kind = 0; kind < k_kinds; ++kind)
    for (const std::uint32_t code : codes[kind]) link(kind, code, place);
  times_.push_back({row.timestamp, row.place});
}

void MemoryPart::add_repeated() {
  Tag tag;
  tag.set_repeated();
  events_.push_back({{}, 0, {}, k_no_code, row_check({}), tag});
}

void MemoryPart::sort_times() {
  const auto middle = times_.begin() + static_cast<std::ptrdiff_t>(sorted_times_);
  if (!std::is_sorted(middle, times_.end())) std::sort(middle, times_.end());
  if (middle != times_.begin() && middle != times_.end() && *middle < *(middle - 1))
    std::inplace_merge(std::upper_bound(times_.begin(), middle, *middle), middle, times_.end());
  sorted_times_ = times_.size();
}

void MemoryPart::truncate_to(std::int64_t place) {
  if (place >= end()) return;
  BL_CHECK(place >= first_);
  const auto kept = static_cast<std::uint32_t>(place - first_);
  for (Chains& chains : chains_) {
    while (!chains.entries.empty() && chains.entries.back().place >= kept) {
      const Entry& entry = chains.entries.back();
      chains.heads[entry.code] = entry.previous;
      chains.entries.pop_back();
    }
  }
  while (events_.size() > kept) {
    const Event& last = events_.back();
    if (!last.tag.is_repeated()) {
      const EventKey key{last.id, !last.tag.has_text_id()};
      ids_[slot_of(key, key.hash())] = 0;
      --id_count_;
    }
    events_.pop_back();
  }
  std::erase_if(times_, [&](const Hit& hit) { return hit.place >= place; });
  sorted_times_ = times_.size();
}

std::unique_ptr<MemoryPart> MemoryPart::copy_from(std::int64_t place) const {
  auto part = std::make_unique<MemoryPart>(place);
  const auto from = static_cast<std::uint32_t>(place - first_);
  for (std::size_t i = from; i < events_.size(); ++i) {
    Event event = events_[i];
    event.row = part->arena_->keep(event.row);
    part->events_.push_back(event);
    if (event.tag.is_repeated()) continue;
    const EventKey key{event.id, !event.tag.has_text_id()};
    part->remember_id(key, key.hash());
    part->times_.push_back({event.timestamp, first_ + static_cast<std::int64_t>(i)});
  }
  part->sort_times();
  for (std::size_t kind = 0; kind < k_kinds; ++kind) {
    const auto& entries = chains_[kind].entries;
    const auto later =
        std::lower_bound(entries.begin(), entries.end(), from,
                         [](const Entry& entry, std::uint32_t p) { return entry.place < p; });
    for (auto entry = later; entry != entries.end(); ++entry)
      part->link(kind, entry->code, entry->place - from);
  }
  return part;
}

std::optional<std::int64_t> MemoryPart::find(const EventKey& key, std::uint64_t hash) const {
  if (ids_.empty()) return std::nullopt;
  const std::uint64_t id = ids_[slot_of(key, hash)];
  if (id == 0) return std::nullopt;
  return first_ + static_cast<std::int64_t>(id & 0xffffffff) - 1;
}

StoredRow MemoryPart::row(std::int64_t place) const {
  const Event& event = events_[static_cast<std::size_t>(place - first_)];
  return {place, event.timestamp, event.id, event.build, event.tag, event.check, event.row};
}

std::vector<std::int64_t> MemoryPart::places(Kind kind, std::uint32_t code) const {
  std::vector<std::int64_t> places;
  const Chains& chains = this->chains(kind);
  if (code >= chains.heads.size()) return places;
  for (std::uint32_t at = chains.heads[code]; at != 0; at = chains.entries[at - 1].previous)
    places.push_back(first_ + chains.entries[at - 1].place);
  std::reverse(places.begin(), places.end());
  return places;
}

void MemoryPart::find_events(const Asked& asked, std::vector<Hit>& out) const {
  const auto start = static_cast<std::ptrdiff_t>(out.size());
  for (const std::int64_t place : places(asked.kind, asked.code)) {
    const std::int64_t timestamp = events_[static_cast<std::size_t>(place - first_)].timestamp;
    if (!asked.since || timestamp > *asked.since) out.push_back({timestamp, place});
  }
  if (!std::is_sorted(out.begin() + start, out.end())) std::sort(out.begin() + start, out.end());
  if (out.size() - static_cast<std::size_t>(start) > asked.limit)
    out.resize(static_cast<std::size_t>(start) + asked.limit);
}

void MemoryPart::find_in_range(std::int64_t start, std::int64_t end, std::size_t limit,
                               std::vector<Hit>& out) const {
  auto at = std::lower_bound(times_.begin(), times_.end(), Hit{start, 0});
  for (; at != times_.end() && at->timestamp <= end && limit != 0; ++at, --limit)
    out.push_back(*at);
}

std::vector<MemoryPart::Posting> MemoryPart::postings(Kind kind) const {
  std::vector<Posting> postings;
  const auto& entries = chains(kind).entries;
  postings.reserve(entries.size());
  for (const Entry& entry : entries) postings.push_back({entry.code, entry.place});
  std::sort(postings.begin(), postings.end());
  return postings;
}

std::uint64_t MemoryPart::memory_bytes() const {
  std::uint64_t bytes = arena_->bytes() + events_.capacity() * sizeof(Event) + ids_.capacity() * 8 +
                        times_.capacity() * sizeof(Hit);
  for (const Chains& chains : chains_)
    bytes += chains.entries.capacity() * sizeof(Entry) + 4 * chains.heads.capacity();
  return bytes;
}

}  // namespace bl::events::index
