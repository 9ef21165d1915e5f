#include "events/index/rows_file.h"

#include <algorithm>

#include "events/protobuf.h"

namespace bl::events::index {
namespace {

enum Sections : std::uint8_t { k_rows, k_records, k_sections };

// How many bytes of an event's protobuf its id, time and build are: fields 1 to 3, which come
// first.
std::size_t head_of(std::string_view event) {
  constexpr char k_id = 0x0a, k_timestamp = 0x10, k_build = 0x1a;
  std::size_t at = 0;
  const auto varint = [&] {
    std::uint64_t value = 0;
    for (int shift = 0; at < event.size(); shift += 7) {
      const auto byte = static_cast<std::uint8_t>(event[at++]);
      value |= std::uint64_t{byte & 0x7fu} << shift;
      if ((byte & 0x80) == 0) break;
    }
    return value;
  };
  while (at < event.size()) {
    const char field = event[at];
    if (field != k_id && field != k_timestamp && field != k_build) break;
    ++at;
    const std::uint64_t value = varint();
    if (field != k_timestamp) at += value;
  }
  return at;
}

}  // namespace

void append_row(std::string& out, const BuildEvent& event, bool has_text_id) {
  const std::size_t start = out.size();
  append_protobuf(out, event);
  if (!has_text_id) out.erase(start, head_of(std::string_view(out).substr(start)));
}

std::uint32_t row_check(std::string_view row) {
  return static_cast<std::uint32_t>(xxh3_64(row));
}

Result<BuildEvent> event_of(const StoredRow& row, std::string_view compacted_build) {
  if (row_check(row.bytes) != row.check)
    return Error{Code::corrupt,
                 "the index' row is not what was written, place " + std::to_string(row.place)};
  // What is in the log is given, whatever the limits of today.
  EventLimits limits;
  limits.event_bytes_max = row.bytes.size();
  limits.manifest_depth_max = std::max<std::size_t>(limits.manifest_depth_max, 100);
  BL_TRY(BuildEvent event, from_protobuf(row.bytes, limits));
  event.timestamp = row.timestamp;
  if (!row.tag.has_text_id()) event.event_id = uuid_text(row.id);
  event.build_request_id = expand(compacted_build);
  return event;
}

Result<std::shared_ptr<RowsFile>> RowsFile::open(Disk& disk, const std::string& folder,
                                                 const std::string& name,
                                                 const FileIdentity& identity) {
  const std::string path = folder + "/" + name;
  BL_TRY(SectionFile file, SectionFile::open(disk, path, identity, k_sections, 1, k_rows));
  auto opened = std::shared_ptr<RowsFile>(new RowsFile(std::move(file)));
  opened->name_ = name;
  opened->first_ = opened->file_.facts()[0];
  opened->rows_ = opened->file_.section(k_rows);
  opened->records_ = opened->file_.all<Record>(k_records);
  const auto records = opened->records_;
  const bool is_sound =
      !records.empty() && opened->first_ >= 0 && records.back().offset == opened->rows_.size() &&
      std::is_sorted(records.begin(), records.end(),
                     [](const Record& a, const Record& b) { return a.offset < b.offset; });
  if (!is_sound) return Error{Code::corrupt, "the index file has unsound records: " + path};
  opened->file_.release();
  return opened;
}

StoredRow RowsFile::row(std::int64_t place) const {
  const Record& record = this->record(place);
  const std::uint64_t from = record.offset, to = this->record(place + 1).offset;
  const bool is_there = from < to && to <= rows_.size();
  return {place,
          record.timestamp,
          record.id,
          record.build,
          Tag(static_cast<std::uint8_t>(record.tag)),
          record.check,
          is_there ? rows_.substr(from, to - from) : std::string_view()};
}

const RowsFile& Rows::file_of(std::int64_t place) const {
  const auto behind =
      std::upper_bound(files.begin(), files.end(), place,
                       [](std::int64_t p, const auto& file) { return p < file->first(); });
  return **(behind - 1);
}

const Record& Rows::record(std::int64_t place) const {
  static constexpr Record k_none;
  if (place >= 0 && place < end()) return file_of(place).record(place);
  found_damage();
  return k_none;
}

Result<RowsWriter> RowsWriter::create(Disk& disk, const std::string& path, std::int64_t first) {
  BL_TRY(SectionWriter writer, SectionWriter::create(disk, path));
  return RowsWriter(std::move(writer), first);
}

Result<void> RowsWriter::add(const StoredRow& row) {
  Record record;
  record.id = row.id;
  record.timestamp = row.timestamp;
  record.offset = writer_.section_bytes();
  record.tag = row.tag.bits();
  record.build = row.build;
  record.check = row.check;
  records_.push_back(record);
  return writer_.append(row.bytes);
}

Result<void> RowsWriter::add(const RowsFile& file) {
  const std::uint64_t start = writer_.section_bytes();
  for (const Record& record : file.records().first(file.records().size() - 1)) {
    records_.push_back(record);
    records_.back().offset = start + record.offset;
  }
  return writer_.append(file.rows());
}

Result<FileIdentity> RowsWriter::finish() {
  Record last;
  last.offset = writer_.section_bytes();
  records_.push_back(last);
  BL_RETURN_IF_ERROR(writer_.end_section());
  BL_RETURN_IF_ERROR(writer_.append_all(std::span<const Record>(records_)));
  BL_RETURN_IF_ERROR(writer_.end_section());
  return writer_.finish(std::span<const std::int64_t>(&first_, 1));
}

}  // namespace bl::events::index
