#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "events/index/keys.h"
#include "events/index/section_file.h"
#include "events/model.h"

namespace bl::events::index {

/// Type and status of an event and how it is kept, in one byte.
class Tag {
 public:
  Tag() = default;
  Tag(EventType type, std::uint32_t status)
      : bits_(static_cast<std::uint8_t>(static_cast<std::uint32_t>(type) | (status & 7) << 3)) {}
  explicit Tag(std::uint8_t bits) : bits_(bits) {}
  EventType type() const { return static_cast<EventType>(bits_ & 7); }
  std::uint8_t status() const { return bits_ >> 3 & 7; }
  /// An event whose id was there before: it has a place and nothing else.
  bool is_repeated() const { return (bits_ & k_repeated) != 0; }
  /// The row has the id as text (event_key: no UUID).
  bool has_text_id() const { return (bits_ & k_text_id) != 0; }
  void set_repeated() { bits_ |= k_repeated; }
  void set_text_id() { bits_ |= k_text_id; }
  std::uint8_t bits() const { return bits_; }

 private:
  static constexpr std::uint8_t k_repeated = 0x40, k_text_id = 0x80;
  std::uint8_t bits_ = 0;
};

/// An event as the index keeps it.
struct StoredRow {
  std::int64_t place = 0;
  std::int64_t timestamp = 0;
  std::array<std::uint8_t, 16> id{};
  std::uint32_t build = 0;  ///< code
  Tag tag;
  std::uint32_t check = 0;
  std::string_view bytes;
};

/// The bytes of a row: the event's protobuf without ids and time, which the record has; with an id
/// that is no UUID, all of it. Appended to `out`, whose start is kept.
void append_row(std::string& out, const BuildEvent& event, bool has_text_id);
std::uint32_t row_check(std::string_view row);
/// Errors: corrupt (the row is not what was written).
Result<BuildEvent> event_of(const StoredRow& row, std::string_view compacted_build);

/// One event of a rows file; written as it lies in memory.
struct Record {
  std::array<std::uint8_t, 16> id{};
  std::int64_t timestamp = 0;
  std::uint64_t offset : 56 = 0;  ///< of its row, which ends where the next one begins
  std::uint64_t tag : 8 = 0;
  std::uint32_t build = 0;
  std::uint32_t check = 0;
};
static_assert(sizeof(Record) == 40);

/// The rows of the places [first, end). Threads: any.
class RowsFile {
 public:
  /// Checks all but the rows, which have their checks.
  static Result<std::shared_ptr<RowsFile>> open(Disk& disk, const std::string& folder,
                                                const std::string& name,
                                                const FileIdentity& identity);
  std::int64_t first() const { return first_; }
  std::int64_t end() const { return first_ + static_cast<std::int64_t>(records_.size()) - 1; }
  const Record& record(std::int64_t place) const {
    return records_[static_cast<std::size_t>(place - first_)];
  }
  /// Without bytes, which fails its check, where the record is none.
  StoredRow row(std::int64_t place) const;
  /// All but the rows, once more. Errors: corrupt.
  Result<void> check() const { return file_.check(); }
  std::span<const Record> records() const { return records_; }  ///< and one that ends the last
  std::string_view rows() const { return rows_; }
  const std::string& name() const { return name_; }
  const FileIdentity& identity() const { return file_.identity(); }

 private:
  explicit RowsFile(SectionFile file) : file_(std::move(file)) {}
  SectionFile file_;
  std::string name_;
  std::int64_t first_ = 0;
  std::string_view rows_;
  std::span<const Record> records_;
};

/// Adjacent files of rows, from place 0 on. Copies share what was found of damage: files are
/// checked at the open and read where they lie, and a number that is no place was changed since.
class Rows {
 public:
  std::vector<std::shared_ptr<const RowsFile>> files;

  std::int64_t end() const { return files.empty() ? 0 : files.back()->end(); }
  const RowsFile& file_of(std::int64_t place) const;
  /// Of a place that is none: a record of zeros, and the index is damaged.
  const Record& record(std::int64_t place) const;
  void found_damage() const { *is_damaged_ = true; }
  std::shared_ptr<std::atomic<bool>> is_damaged() const { return is_damaged_; }

 private:
  std::shared_ptr<std::atomic<bool>> is_damaged_ = std::make_shared<std::atomic<bool>>(false);
};

/// Writes rows in the order of their places. Records that were there keep their check.
class RowsWriter {
 public:
  static Result<RowsWriter> create(Disk& disk, const std::string& path, std::int64_t first);
  Result<void> add(const StoredRow& row);
  /// A whole file behind the rows that were added.
  Result<void> add(const RowsFile& file);
  Result<FileIdentity> finish();

 private:
  RowsWriter(SectionWriter writer, std::int64_t first)
      : writer_(std::move(writer)), first_(first) {}
  SectionWriter writer_;
  std::int64_t first_;
  std::vector<Record> records_;
};

}  // namespace bl::events::index
