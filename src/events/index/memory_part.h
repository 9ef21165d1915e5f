#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "events/index/entities.h"
#include "events/index/keys.h"
#include "events/index/rows_file.h"

namespace bl::events::index {

/// A place of an answer; by total order.
struct Hit {
  std::int64_t timestamp = 0;
  std::int64_t place = 0;
  auto operator<=>(const Hit&) const = default;
};

/// Which events a question is about: those of one entity, later than a time, the first of them.
struct Asked {
  Kind kind = Kind::build;
  std::uint32_t code = 0;
  std::optional<std::int64_t> since;
  std::size_t limit = 0;
};

/// Bytes of rows; what was given out stays where it is as long as the arena lives.
class RowArena {
 public:
  std::string_view keep(std::string_view row);
  std::uint64_t bytes() const { return bytes_; }

 private:
  static constexpr std::size_t k_chunk = 1u << 20;
  std::vector<std::unique_ptr<char[]>> chunks_;
  std::size_t room_ = 0;
  char* next_ = nullptr;
  std::uint64_t bytes_ = 0;
};

/// The newest events, from a place on, in memory: rows, and which of them belong to what. Events
/// come at the end and go from the end. Threads: one changes, none reads meanwhile; when it is
/// const, any reads.
class MemoryPart {
 public:
  explicit MemoryPart(std::int64_t first) : first_(first), arena_(std::make_shared<RowArena>()) {}

  std::int64_t first() const { return first_; }
  std::int64_t end() const { return first_ + static_cast<std::int64_t>(events_.size()); }
  /// Where rows are put before they are added; may be filled while others read.
  const std::shared_ptr<RowArena>& arena() const { return arena_; }

  /// `row.bytes` lie in the arena. `codes` by kind, distinct; a repeated event has none.
  using Codes = std::array<std::vector<std::uint32_t>, k_kinds>;
  void add(const StoredRow& row, std::uint64_t id_hash, const Codes& codes);
  void add_repeated();
  /// After a number of add().
  void sort_times();
  void truncate_to(std::int64_t place);
  /// The events from the place on, in a part of their own; they stay here too.
  std::unique_ptr<MemoryPart> copy_from(std::int64_t place) const;

  std::optional<std::int64_t> find(const EventKey& key, std::uint64_t hash) const;
  StoredRow row(std::int64_t place) const;
  /// By total order.
  void find_events(const Asked& asked, std::vector<Hit>& out) const;
  void find_in_range(std::int64_t start, std::int64_t end, std::size_t limit,
                     std::vector<Hit>& out) const;
  /// Places of an entity, ascending.
  std::vector<std::int64_t> places(Kind kind, std::uint32_t code) const;

  /// For writing: (code, place - first) of a kind, by code and place.
  struct Posting {
    std::uint32_t code, place;
    auto operator<=>(const Posting&) const = default;
  };
  std::vector<Posting> postings(Kind kind) const;
  /// Times of the events that are no repetition, ascending.
  std::span<const Hit> times() const { return times_; }
  std::uint64_t memory_bytes() const;

 private:
  struct Event {
    std::array<std::uint8_t, 16> id;
    std::int64_t timestamp;
    std::string_view row;
    std::uint32_t build;
    std::uint32_t check;
    Tag tag;
  };
  // An entity's places are a chain from its newest one back.
  struct Entry {
    std::uint32_t place, code, previous;
  };
  struct Chains {
    std::vector<Entry> entries;
    std::vector<std::uint32_t> heads;  // by code: entry + 1; 0: none
  };
  const Chains& chains(Kind kind) const { return chains_[static_cast<std::size_t>(kind)]; }
  void link(std::size_t kind, std::uint32_t code, std::uint32_t place);
  void remember_id(const EventKey& key, std::uint64_t hash);
  std::size_t slot_of(const EventKey& key, std::uint64_t hash) const;
  void grow_ids();
  bool is(std::uint32_t place, const EventKey& key) const;

  std::int64_t first_;
  std::shared_ptr<RowArena> arena_;
  std::vector<Event> events_;
  std::array<Chains, k_kinds> chains_;
  // As in Dictionary: high half of the hash, place + 1.
  std::vector<std::uint64_t> ids_;
  std::size_t id_count_ = 0;
  std::vector<Hit> times_;
  std::size_t sorted_times_ = 0;
};

}  // namespace bl::events::index
