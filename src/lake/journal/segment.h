#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/disk.h"
#include "lake/journal/format.h"

/// A segment as a file: read from front to back, group by group. One thread at a time.
namespace bl::lake {

/// What is known of a segment while the journal is open.
struct Segment {
  struct Place {
    RecordNo first;
    std::uint64_t offset;
  };
  std::string path;
  RecordNo first = 0, next = 0;  ///< its records: [first, next)
  std::uint64_t bytes = 0;       ///< durable
  std::vector<Place> groups;     ///< in order
};

/// `00000000000000000001.journal`
std::string segment_name(RecordNo first);
/// The number in such a name; nothing for other files.
std::optional<RecordNo> first_of_segment_name(std::string_view name);

/// A window over a file's bytes.
class FileWindow {
 public:
  explicit FileWindow(File& file) : file_(file) {}
  /// The bytes from `offset` on; fewer than `size` at the end of the file only. They live until the
  /// next call. Errors: io.
  Result<std::string_view> bytes(std::uint64_t offset, std::uint64_t size);

 private:
  File& file_;
  std::string window_;
  std::uint64_t begin_ = 0;
};

struct GroupsRead {
  std::uint64_t end = 0;  ///< behind the last whole group
  bool is_whole = true;   ///< nothing is behind it
};
/// Hands over the groups from `offset` on, as far as they are whole and follow each other from
/// record `next` on; `each` returns false to stop. `bytes_max`: where to end, for a file that
/// grows.
Result<GroupsRead> read_groups(
    FileWindow& window, const JournalId& id, std::uint64_t offset, std::uint64_t bytes_max,
    RecordNo next,
    const std::function<bool(std::uint64_t offset, std::span<const JournalRecord>)>& each);

/// Whether a whole group with records after `next` begins anywhere behind `offset`: then what is
/// broken there was acknowledged. Groups are written one after the other, each durable before the
/// next. Cost: reads all that is behind.
Result<bool> has_group_behind(FileWindow& window, const JournalId& id, std::uint64_t offset,
                              std::uint64_t size, RecordNo next);

}  // namespace bl::lake
