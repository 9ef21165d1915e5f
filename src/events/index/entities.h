#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "events/index/dictionary.h"
#include "events/index/recency.h"
#include "events/model.h"

/// What the log says of builds, partitions, job runs and job labels, now: kept from event to event,
/// so that states and lists need no events. What unsettled events changed can be taken back.
namespace bl::events::index {

enum class Kind : std::uint8_t { build, partition, run, label };
inline constexpr std::size_t k_kinds = 4;
inline constexpr std::uint32_t k_no_code = 0xffffffff;

/// A point of the total order; place -1: none.
struct Moment {
  std::int64_t timestamp = 0;
  std::int64_t place = -1;
  bool is_set() const { return place >= 0; }
  auto operator<=>(const Moment&) const = default;
};

// The states are written to files as they lie in memory (docs/formats/event-index.md).
struct BuildState {
  Moment created, updated;  ///< first and newest build_request event
  Moment named;             ///< newest one that names partitions
  std::uint32_t status = 0;
  std::uint32_t unused = 0;
};
struct PartitionRefState {
  Moment newest;     ///< partition event
  Moment available;  ///< newest one that says available
  std::uint32_t newest_build = k_no_code, available_build = k_no_code;
  std::uint32_t status = 0;
  std::uint32_t unused = 0;
};
struct RunState {
  Moment newest;   ///< job event
  Moment running;  ///< first one that says running
  std::uint32_t label = k_no_code, targets = 0, status = 0;
  std::uint32_t unused = 0;
};
struct LabelState {
  static constexpr std::size_t k_recent = 5;
  struct Recent {
    Moment newest;
    std::uint32_t build = k_no_code;
    std::uint32_t unused = 0;
  };
  Moment newest;  ///< job event of the label
  std::int64_t runs = 0, completed = 0, failed = 0, cancelled = 0, targets = 0, timed = 0;
  std::int64_t duration = 0;
  std::array<Recent, k_recent> recent;  ///< distinct builds, newest first
  std::uint32_t status = 0;
  std::uint32_t unused = 0;
};

static_assert(sizeof(BuildState) == 56 && sizeof(PartitionRefState) == 48 &&
              sizeof(RunState) == 48 && sizeof(LabelState) == 200);

/// Of one kind: texts by code, a state for each, and the way back.
template <class S>
struct EntityTable {
  struct Undo {
    std::int64_t place;
    std::uint32_t code;
    S old;
  };
  using State = S;

  Dictionary texts;
  std::vector<State> states;
  std::vector<std::uint8_t> is_dirty;  ///< changed since it was written last
  std::vector<std::uint32_t> dirty;
  std::deque<std::int64_t> born;  ///< places of the newest codes, of those that are not settled
  std::deque<Undo> undo;          ///< by place
  std::uint32_t written = 0;      ///< codes before it are in a file

  std::uint32_t code_of(std::string_view text, std::int64_t place) {
    const std::uint32_t code = texts.code_of(text);
    if (code == states.size()) {
      states.emplace_back();
      is_dirty.push_back(0);
      born.push_back(place);
    }
    return code;
  }
  /// The state, to be changed by the event at the place.
  State& change(std::uint32_t code, std::int64_t place) {
    undo.push_back({place, code, states[code]});
    mark(code);
    return states[code];
  }
  void mark(std::uint32_t code) {
    if (is_dirty[code] != 0) return;
    is_dirty[code] = 1;
    dirty.push_back(code);
  }
  void settle(std::int64_t place) {
    while (!born.empty() && born.front() < place) born.pop_front();
    while (!undo.empty() && undo.front().place < place) undo.pop_front();
  }
  /// Codes that events before the place brought; not less than the settled ones.
  std::uint32_t codes_before(std::int64_t place) const {
    const auto later = born.end() - std::lower_bound(born.begin(), born.end(), place);
    return static_cast<std::uint32_t>(states.size() - static_cast<std::size_t>(later));
  }
  std::uint64_t memory_bytes() const {
    return texts.memory_bytes() + states.capacity() * sizeof(State) + is_dirty.capacity() +
           4 * dirty.capacity() + 8 * born.size() + sizeof(Undo) * undo.size();
  }
};

/// What of one kind has to be written: codes first .. first + texts, and states as they were.
template <class State>
struct EntityChanges {
  std::uint32_t first = 0;
  std::vector<std::string> texts;
  std::vector<std::uint32_t> codes;  ///< ascending
  std::vector<State> states;
};
struct AllChanges {
  EntityChanges<BuildState> builds;
  EntityChanges<PartitionRefState> partitions;
  EntityChanges<RunState> runs;
  EntityChanges<LabelState> labels;
};

/// An event, as far as states need it.
struct EventFacts {
  Moment moment;
  EventType type = EventType::build_request;
  std::uint8_t status = 0;
  std::uint32_t build = k_no_code;
  std::uint32_t partition = k_no_code;  ///< of a partition event
  std::uint32_t run = k_no_code;        ///< of a job event
  std::uint32_t label = k_no_code;      ///< of a job event
  std::uint32_t targets = 0;            ///< of a job event
  bool names_partitions = false;        ///< a build request event
};

/// Threads: one changes, none reads meanwhile.
class Entities {
 public:
  EntityTable<BuildState> builds;
  EntityTable<PartitionRefState> partitions;
  EntityTable<RunState> runs;
  EntityTable<LabelState> labels;

  std::uint32_t code_of(Kind kind, std::string_view compacted, std::int64_t place);
  std::optional<std::uint32_t> find(Kind kind, std::string_view compacted) const;
  void apply(const EventFacts& facts);
  /// Takes back what the events from the place on changed and brought.
  void truncate_to(std::int64_t place);
  /// Events before the place stay.
  void settle(std::int64_t place);
  /// What changed since the last call, as it was before the event at the place, which is settled.
  AllChanges take_changes(std::int64_t place);
  /// After the tables were filled from files.
  void loaded();

  std::vector<std::uint32_t> builds_page(std::optional<std::uint8_t> status, std::size_t offset,
                                         std::size_t limit) const;
  std::vector<std::uint32_t> partitions_page(std::optional<std::uint8_t> status, std::size_t offset,
                                             std::size_t limit) const;
  const Recency& build_times() const { return build_times_; }
  const Recency& partition_times() const { return partition_times_; }
  /// Codes of labels, by their bytes.
  const std::vector<std::uint32_t>& labels_sorted() const { return labels_sorted_; }
  std::uint64_t memory_bytes() const;

 private:
  void apply_build(const EventFacts& facts);
  void apply_partition(const EventFacts& facts);
  void apply_job(const EventFacts& facts);
  std::vector<std::uint32_t>::iterator label_position(std::string_view text);
  Recency::Current build_now() const;
  Recency::Current partition_now() const;

  Recency build_times_, partition_times_;
  std::vector<std::uint32_t> labels_sorted_;
};

}  // namespace bl::events::index
