#include "events/index/keys_file.h"

#include <algorithm>
#include <cstring>
#include <tuple>

namespace bl::events::index {
namespace {

constexpr std::array<Kind, k_kinds> k_all_kinds{Kind::build, Kind::partition, Kind::run,
                                                Kind::label};

}  // namespace

Result<std::shared_ptr<KeysFile>> KeysFile::open(Disk& disk, const std::string& folder,
                                                 const std::string& name,
                                                 const FileIdentity& identity) {
  const std::string path = folder + "/" + name;
  BL_TRY(SectionFile file, SectionFile::open(disk, path, identity, k_key_sections, k_key_facts));
  auto opened = std::shared_ptr<KeysFile>(new KeysFile(std::move(file)));
  opened->name_ = name;
  std::memcpy(static_cast<void*>(&opened->facts_), opened->file_.facts().data(),
              sizeof opened->facts_);
  opened->ids_ = opened->file_.all<std::uint64_t>(k_ids_section);
  opened->times_ = opened->file_.all<std::uint32_t>(k_times_section);
  if (!opened->is_sound()) return Error{Code::corrupt, "the index file has unsound keys: " + path};
  return opened;
}

bool KeysFile::is_sound() const {
  const std::int64_t events = this->events();
  if (facts_.first < 0 || events < 0 || events >= k_no_code) return false;
  for (const Kind kind : k_all_kinds)
    if (!is_sound(kind)) return false;
  const auto is_place = [&](std::uint32_t place) { return place < events; };
  if (!std::all_of(times_.begin(), times_.end(), is_place)) return false;
  if (facts_.is_plain != 0 && !times_.empty()) return false;
  if (facts_.id_slots < 0 || static_cast<std::uint64_t>(facts_.id_slots) > ids_.size())
    return false;
  return std::all_of(ids_.begin(), ids_.end(), [&](std::uint64_t id) {
    return id == 0 || ((id & 0xffffffff) != 0 && is_place(static_cast<std::uint32_t>(id) - 1));
  });
}

bool KeysFile::is_sound(Kind kind) const {
  const auto lists = this->lists(kind);
  const auto postings = this->postings(kind);
  std::uint64_t next = 0;
  for (std::size_t i = 0; i < lists.size(); ++i) {
    if (i != 0 && lists[i - 1].code >= lists[i].code) return false;
    if (lists[i].first != next || lists[i].count == 0) return false;
    next += lists[i].count;
  }
  if (next != postings.size()) return false;
  const std::int64_t events = this->events();
  return std::all_of(postings.begin(), postings.end(),
                     [&](std::uint32_t place) { return place < events; });
}

void KeysFile::prefetch(std::uint64_t hash) const {
  if (facts_.id_slots == 0) return;
  __builtin_prefetch(&ids_[id_slot(hash >> 32, static_cast<std::uint64_t>(facts_.id_slots))]);
}

std::optional<std::int64_t> KeysFile::find(const EventKey& key, std::uint64_t hash,
                                           const Rows& rows) const {
  if (facts_.id_slots == 0) return std::nullopt;
  const std::uint64_t high = hash >> 32;
  // Entries are sorted by hash, with gaps: each stands where its hash says or, where that is taken,
  // behind.
  for (std::uint64_t at = id_slot(high, static_cast<std::uint64_t>(facts_.id_slots));
       at < ids_.size() && ids_[at] != 0 && ids_[at] >> 32 <= high; ++at) {
    if (ids_[at] >> 32 != high) continue;
    const auto within = static_cast<std::uint32_t>(ids_[at]) - 1;
    if (!is_place(within, rows)) continue;
    const std::int64_t place = facts_.first + within;
    const Record& record = rows.record(place);
    if (record.id == key.bytes &&
        Tag(static_cast<std::uint8_t>(record.tag)).has_text_id() == !key.is_uuid)
      return place;
  }
  return std::nullopt;
}

bool KeysFile::is_place(std::uint32_t place, const Rows& rows) const {
  if (place < events()) return true;
  rows.found_damage();
  return false;
}

KeysFile::Postings KeysFile::postings_of(Kind kind, std::uint32_t code, const Rows& rows) const {
  const auto lists = this->lists(kind);
  const auto at = std::lower_bound(lists.begin(), lists.end(), code,
                                   [](const KeyList& l, std::uint32_t c) { return l.code < c; });
  if (at == lists.end() || at->code != code) return {};
  const auto postings = this->postings(kind);
  const KeyList list = *at;
  if (list.first > postings.size() || list.count > postings.size() - list.first) {
    rows.found_damage();
    return {};
  }
  return {postings.subspan(list.first, list.count), list.is_by_time != 0};
}

void KeysFile::find_events(const Asked& asked, const Rows& rows, std::vector<Hit>& out) const {
  const auto places = postings_of(asked.kind, asked.code, rows).places;
  const auto time_of = [&](std::uint32_t place) {
    return rows.record(facts_.first + place).timestamp;
  };
  auto at = places.begin();
  if (asked.since)
    at = std::partition_point(places.begin(), places.end(),
                              [&](std::uint32_t place) { return time_of(place) <= *asked.since; });
  std::size_t left = asked.limit;
  for (; at != places.end() && left != 0; ++at, --left) {
    const std::uint32_t place = *at;
    if (is_place(place, rows)) out.push_back({time_of(place), facts_.first + place});
  }
}

void KeysFile::find_in_range(std::int64_t start, std::int64_t end, std::size_t limit,
                             const Rows& rows, std::vector<Hit>& out) const {
  if (start > facts_.time_max || end < facts_.time_min) return;
  const std::size_t count = timed_events();
  std::size_t at = 0;
  for (std::size_t left = count; left != 0;) {
    const std::size_t half = left / 2;
    if (rows.record(place_by_time(at + half)).timestamp < start) {
      at += half + 1;
      left -= half + 1;
    } else {
      left = half;
    }
  }
  for (; at < count && limit != 0; ++at, --limit) {
    const std::int64_t place = place_by_time(at);
    if (!is_place(static_cast<std::uint32_t>(place - facts_.first), rows)) continue;
    const std::int64_t timestamp = rows.record(place).timestamp;
    if (timestamp > end) return;
    out.push_back({timestamp, place});
  }
}

void KeysFile::find_places(Kind kind, std::uint32_t code, std::int64_t after, std::size_t limit,
                           const Rows& rows, std::vector<std::int64_t>& out) const {
  if (after >= facts_.end - 1) return;
  auto [places, is_by_time] = postings_of(kind, code, rows);
  std::vector<std::uint32_t> by_place;
  if (is_by_time) {
    by_place.assign(places.begin(), places.end());
    std::sort(by_place.begin(), by_place.end());
    places = by_place;
  }
  const std::int64_t before = after - facts_.first;
  auto at = std::partition_point(places.begin(), places.end(),
                                 [&](std::uint32_t place) { return place <= before; });
  for (; at != places.end() && limit != 0; ++at, --limit) {
    const std::uint32_t place = *at;
    if (is_place(place, rows)) out.push_back(facts_.first + place);
  }
}

namespace {

template <class Table>
bool load(const KeysFile& file, Kind kind, Table& table) {
  const auto sizes = file.all<std::uint32_t>(kind, k_text_sizes);
  std::string_view texts = file.texts(kind);
  if (file.facts().texts_first[static_cast<std::size_t>(kind)] !=
      static_cast<std::int64_t>(table.states.size()))
    return false;
  table.texts.reserve(table.states.size() + sizes.size());
  for (const std::uint32_t size : sizes) {
    if (size > texts.size()) return false;
    const std::size_t known = table.states.size();
    if (table.code_of(texts.substr(0, size), -1) != known) return false;
    texts.remove_prefix(size);
  }
  const auto codes = file.all<std::uint32_t>(kind, k_state_codes);
  const auto states = file.all<typename Table::State>(kind, k_states);
  if (!texts.empty() || codes.size() != states.size()) return false;
  for (std::size_t i = 0; i < codes.size(); ++i) {
    if (codes[i] >= table.states.size()) return false;
    table.states[codes[i]] = states[i];
  }
  for (const KeyList& list : file.lists(kind))
    if (list.code >= table.states.size()) return false;
  return true;
}

}  // namespace

Result<void> load_entities(const KeysFile& file, Entities& entities) {
  const bool is_loaded = load(file, Kind::build, entities.builds) &&
                         load(file, Kind::partition, entities.partitions) &&
                         load(file, Kind::run, entities.runs) &&
                         load(file, Kind::label, entities.labels);
  if (!is_loaded)
    return Error{Code::corrupt, "the index file does not fit the ones before: " + file.name()};
  return {};
}

bool are_sound(const Entities& entities, std::int64_t events) {
  const auto is_sound = [&](const Moment& moment, std::uint32_t code, const auto& table) {
    return moment.place < events && (!moment.is_set() || code < table.states.size());
  };
  const auto& [builds, partitions, runs, labels] =
      std::tie(entities.builds, entities.partitions, entities.runs, entities.labels);
  return std::all_of(builds.states.begin(), builds.states.end(),
                     [&](const BuildState& state) {
                       return state.status < Recency::k_statuses && state.named.place < events;
                     }) &&
         std::all_of(partitions.states.begin(), partitions.states.end(),
                     [&](const PartitionRefState& state) {
                       return state.status < Recency::k_statuses &&
                              is_sound(state.newest, state.newest_build, builds) &&
                              is_sound(state.available, state.available_build, builds);
                     }) &&
         std::all_of(
             runs.states.begin(), runs.states.end(),
             [&](const RunState& state) { return is_sound(state.newest, state.label, labels); }) &&
         std::all_of(labels.states.begin(), labels.states.end(), [&](const LabelState& state) {
           return std::all_of(state.recent.begin(), state.recent.end(), [&](const auto& recent) {
             return is_sound(recent.newest, recent.build, builds);
           });
         });
}

}  // namespace bl::events::index
