#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "lake/journal.h"

/// The bytes of a segment, and of an object of a chain (docs/formats/journal.md). Pure. All numbers
/// are little-endian.
namespace bl::lake {

/// Says of every part which journal it belongs to: a payload cannot pass for a part.
using JournalId = std::array<std::byte, 16>;

inline constexpr std::size_t k_segment_header_bytes = 64;
inline constexpr std::size_t k_group_header_bytes = 48;
inline constexpr std::size_t k_group_trailer_bytes = 8;
inline constexpr std::size_t k_record_header_bytes = 8;

struct SegmentHeader {
  JournalId id{};
  RecordNo first = 0;
  Timestamp created;
};
std::string encode(const SegmentHeader& header);
/// Errors: corrupt (too short, not a segment, checksum), unsupported (another version).
Result<SegmentHeader> decode_segment_header(std::string_view bytes);

struct GroupHeader {
  std::uint32_t records = 0;
  std::uint64_t body_bytes = 0;
  RecordNo first = 0;
  Timestamp at;
};
/// Nothing where the bytes are no whole header of this journal.
std::optional<GroupHeader> decode_group_header(std::string_view bytes, const JournalId& id);

/// Puts a group together, record by record.
class GroupWriter {
 public:
  /// `body_bytes`: so much will be added, as far as it is known.
  GroupWriter(const JournalId& id, RecordNo first, std::size_t body_bytes = 0);
  void add(std::string_view key, std::string_view payload);
  std::uint32_t records() const { return records_; }
  std::size_t bytes() const { return text_.size() + k_group_trailer_bytes; }
  /// The whole group. Nothing is added afterwards.
  std::string_view finish(Timestamp at);

 private:
  const JournalId id_;
  const RecordNo first_;
  std::uint32_t records_ = 0;
  std::string text_;
};

/// The records of a group's body and its trailer. Nothing where they are not whole.
std::optional<std::vector<JournalRecord>> decode_group_body(const GroupHeader& header,
                                                            std::string_view body_and_trailer);

/// A group in an object of its own (object_journal.h). The texts live as long as its bytes.
struct ObjectGroup {
  RecordNo first = 0;
  Timestamp at;
  std::vector<JournalRecord> records;  ///< none: the object seals the chain
  bool is_seal() const { return records.empty(); }
};
inline constexpr std::size_t k_seal_bytes =
    k_segment_header_bytes + k_group_header_bytes + k_group_trailer_bytes;

/// What stands before the group: the chain, the object's number in it, and when it was made.
std::string encode_object_header(const JournalId& id, std::uint64_t ordinal, Timestamp created);
/// An object without records. `first` of a seal is 0.
std::string encode_seal(const JournalId& id, std::uint64_t ordinal, Timestamp created);
/// Errors: corrupt (not whole, or not this object of this chain), unsupported (another version).
Result<ObjectGroup> decode_object(std::string_view bytes, const JournalId& id,
                                  std::uint64_t ordinal);

}  // namespace bl::lake
