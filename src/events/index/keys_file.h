#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "events/index/entities.h"
#include "events/index/keys.h"
#include "events/index/memory_part.h"
#include "events/index/rows_file.h"
#include "events/index/section_file.h"

namespace bl::events::index {

// As written (docs/formats/event-index.md).

/// The places of one entity within a file of keys: postings [first, first + count).
struct KeyList {
  std::uint32_t code = 0;
  std::uint32_t first = 0;
  std::uint32_t count : 31 = 0;
  std::uint32_t is_by_time : 1 = 0;  ///< times do not ascend with the places: sorted by time
};
static_assert(sizeof(KeyList) == 12);

enum KeySection : std::uint8_t {
  k_lists,
  k_postings,
  k_text_sizes,
  k_texts,
  k_state_codes,
  k_states,
  k_sections_of_kind,
};
inline constexpr std::size_t k_ids_section = k_sections_of_kind * k_kinds;
inline constexpr std::size_t k_times_section = k_ids_section + 1;
inline constexpr std::size_t k_key_sections = k_ids_section + 2;
constexpr std::size_t section_of(Kind kind, KeySection section) {
  return static_cast<std::size_t>(kind) * k_sections_of_kind + section;
}

struct KeyFacts {
  std::int64_t first = 0, end = 0;  ///< places
  /// Of no events: the other way round.
  std::int64_t time_min = std::numeric_limits<std::int64_t>::max();
  std::int64_t time_max = std::numeric_limits<std::int64_t>::min();
  std::int64_t is_plain = 0;  ///< 1: times ascend with the places, none is a repetition
  std::int64_t id_slots = 0;  ///< that the hash is spread over
  std::array<std::int64_t, k_kinds> texts_first{};
};
inline constexpr std::size_t k_key_facts = sizeof(KeyFacts) / 8;

/// The place where the search for an id begins.
constexpr std::uint64_t id_slot(std::uint64_t high_hash, std::uint64_t slots) {
  return high_hash * slots >> 32;
}

/// Which of the places [first, end) belong to an id, an entity, a time. Threads: any.
class KeysFile {
 public:
  /// Checks the bytes and that every number in it is one of a place, a list, a text.
  static Result<std::shared_ptr<KeysFile>> open(Disk& disk, const std::string& folder,
                                                const std::string& name,
                                                const FileIdentity& identity);
  const KeyFacts& facts() const { return facts_; }
  std::int64_t first() const { return facts_.first; }
  std::int64_t end() const { return facts_.end; }
  std::int64_t events() const { return facts_.end - facts_.first; }
  const std::string& name() const { return name_; }
  const FileIdentity& identity() const { return file_.identity(); }
  /// After a pass over the file: its pages need not stay in memory.
  void release() const { file_.release(); }

  std::optional<std::int64_t> find(const EventKey& key, std::uint64_t hash, const Rows& rows) const;
  /// Fetches what find() reads first.
  void prefetch(std::uint64_t hash) const;
  void find_events(const Asked& asked, const Rows& rows, std::vector<Hit>& out) const;
  void find_in_range(std::int64_t start, std::int64_t end, std::size_t limit, const Rows& rows,
                     std::vector<Hit>& out) const;
  /// Places of an entity behind `after`, ascending, the first `limit`.
  void find_places(Kind kind, std::uint32_t code, std::int64_t after, std::size_t limit,
                   const Rows& rows, std::vector<std::int64_t>& out) const;
  /// Every byte, once more. Errors: corrupt.
  Result<void> check() const { return file_.check(); }

  std::span<const KeyList> lists(Kind kind) const { return all<KeyList>(kind, k_lists); }
  std::span<const std::uint32_t> postings(Kind kind) const {
    return all<std::uint32_t>(kind, k_postings);
  }
  template <class T>
  std::span<const T> all(Kind kind, KeySection section) const {
    return file_.all<T>(section_of(kind, section));
  }
  std::string_view texts(Kind kind) const { return file_.section(section_of(kind, k_texts)); }
  std::span<const std::uint64_t> ids() const { return ids_; }
  /// The events that are no repetition, by time.
  std::size_t timed_events() const {
    return facts_.is_plain != 0 ? static_cast<std::size_t>(events()) : times_.size();
  }
  std::int64_t place_by_time(std::size_t at) const {
    return facts_.first + (facts_.is_plain != 0 ? static_cast<std::int64_t>(at) : times_[at]);
  }

 private:
  explicit KeysFile(SectionFile file) : file_(std::move(file)) {}
  bool is_sound() const;
  bool is_sound(Kind kind) const;
  /// The places of an entity. They were checked at the open; what is no place any more is left out,
  /// and `rows` told.
  struct Postings {
    std::span<const std::uint32_t> places;
    bool is_by_time = false;
  };
  Postings postings_of(Kind kind, std::uint32_t code, const Rows& rows) const;
  bool is_place(std::uint32_t place, const Rows& rows) const;

  SectionFile file_;
  std::string name_;
  KeyFacts facts_;
  std::span<const std::uint64_t> ids_;
  std::span<const std::uint32_t> times_;
};

/// Fills the tables with what the file adds to those before it. Errors: corrupt.
Result<void> load_entities(const KeysFile& file, Entities& entities);
/// What was loaded names no code, status or place that is not there.
bool are_sound(const Entities& entities, std::int64_t events);

}  // namespace bl::events::index
