#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/disk.h"
#include "base/mapped_file.h"
#include "traces/store/row_condition.h"

/// What a search may know of a row group of spans without reading it (docs/formats/traces.md): its
/// services, the least and the greatest duration of each, and a filter of its names, keys and
/// values. They say "surely not" or "perhaps"; a group of which there are none is read.
namespace bl::traces {

/// A duration on a scale of a byte: never greater for a lesser one. Four steps double it.
std::uint8_t duration_step(std::int64_t duration_ns);

/// Collects the facts of a file, group by group. One thread. Cost: about a microsecond a row, and
/// some 8 kilobytes a group until they are written.
class GroupFactsWriter {
 public:
  /// The next row group, all of its rows. Texts of attributes that are not as we write them leave
  /// it without a filter. Errors: those of `cells`.
  Result<void> add(std::int64_t rows, const CellsOf& cells);
  /// Whole, or not there; not synced: after a power cut its sum may be wrong, and it is made anew.
  /// Errors: io, disk_full.
  Result<void> write(Disk& disk, const std::string& path, std::string_view file_key) const;

 private:
  struct Durations {
    std::uint8_t least = 255, greatest = 0;
    void add(std::uint8_t step);
  };
  struct Group {
    std::uint32_t rows = 0;
    Durations durations;
    std::vector<std::pair<std::uint32_t, Durations>> services;  // by number, in any order
    std::vector<std::uint64_t> filter;                          // empty: none
  };
  Result<void> add_durations(const Rows& rows, const CellsOf& cells, Group& group);

  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  std::unordered_map<std::string, std::uint32_t, Hash, std::equal_to<>> services_;
  std::vector<Group> groups_;
};

inline constexpr std::string_view k_facts_magic = "BLTRFCT1";
/// Groups, services, and bytes of: key of the file, names, filters.
inline constexpr std::size_t k_facts_counts = 5;

/// The facts of one file. Threads: any.
class GroupFacts {
 public:
  /// Errors: corrupt (a sum, a size, the facts of another file), not_found, io.
  static Result<std::shared_ptr<const GroupFacts>> open(Disk& disk, const std::string& path,
                                                        std::string_view file_key);

  /// May a row of that group meet the condition? True where nothing is known. Cost: a microsecond.
  bool may_hold(std::size_t group, const RowCondition& condition) const;
  std::size_t groups() const { return count_; }
  std::int64_t rows(std::size_t group) const;
  std::size_t bytes() const { return file_->bytes().size(); }

 private:
  friend class GroupFactsWriter;
  // As it stands in the file.
  struct Record {
    static constexpr std::uint8_t k_has_services = 1;
    std::uint32_t rows = 0;
    std::uint32_t entries_at = 0, entries = 0;
    std::uint32_t words_at = 0, words = 0;  // of 8 bytes
    std::uint8_t least = 0, greatest = 0, flags = 0, reserved = 0;
  };
  // Durations of a group, or of one service in it. Not there: no such row.
  struct Steps {
    bool is_there = true;
    std::uint8_t least = 0, greatest = 255;
  };
  GroupFacts() = default;
  Record record(std::size_t group) const;
  std::optional<std::uint32_t> service_number(std::string_view name) const;
  Steps steps_of(const Record& record, const std::string* service) const;
  bool may_hold(const Record& record, const RowCondition& condition,
                const std::string* service) const;
  bool may_hold_attribute(const Record& record, const RowCondition& condition) const;

  std::unique_ptr<MappedFile> file_;
  std::size_t count_ = 0;
  std::string_view records_, ends_, names_, entries_, words_;
};

}  // namespace bl::traces
