#include "lake/journal/format.h"

#include <bit>
#include <cstring>

#include "base/hash.h"

namespace bl::lake {
namespace {

static_assert(std::endian::native == std::endian::little, "numbers are copied as they are");

constexpr std::string_view k_segment_magic("BLJRNL\0\1", 8);  // the last byte is the version
constexpr std::string_view k_object_magic("BLJOBJ\0\1", 8);   // and here
constexpr std::string_view k_group_magic = "BLGP";

template <class T>
void put(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

template <class T>
T get(std::string_view bytes, std::size_t at) {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

std::uint64_t tag_of(const JournalId& id) {
  std::uint64_t tag;
  std::memcpy(&tag, id.data(), sizeof tag);
  return tag;
}

// Segments and objects begin alike; `number` is the first record's, or the object's.
struct FileHeader {
  JournalId id{};
  std::uint64_t number = 0;
  Timestamp created;
};

std::string encode_header(std::string_view magic, const FileHeader& header) {
  std::string out(magic);
  out.append(reinterpret_cast<const char*>(header.id.data()), header.id.size());
  put(out, header.number);
  put(out, header.created.micros);
  out.append(k_segment_header_bytes - sizeof(std::uint64_t) - out.size(), '\0');
  put(out, xxh3_64(out));
  return out;
}

Result<FileHeader> decode_header(std::string_view magic, std::string_view what,
                                 std::string_view bytes) {
  const auto corrupt = [&](std::string_view fault) {
    return Error{Code::corrupt, std::string(fault).append(what)};
  };
  if (bytes.size() < k_segment_header_bytes) {
    return corrupt("too short, bytes: " + std::to_string(bytes.size()) + ", for ");
  }
  bytes = bytes.substr(0, k_segment_header_bytes);
  const std::size_t version_at = magic.size() - 1;
  if (bytes.substr(0, version_at) != magic.substr(0, version_at)) return corrupt("this is not ");
  if (bytes[version_at] != magic[version_at]) {
    const int version = static_cast<unsigned char>(bytes[version_at]);
    return Error{Code::unsupported,
                 std::string(what).append(" of version ").append(std::to_string(version))};
  }
  const std::size_t sum_at = bytes.size() - sizeof(std::uint64_t);
  if (get<std::uint64_t>(bytes, sum_at) != xxh3_64(bytes.substr(0, sum_at))) {
    return corrupt("the checksum fails in the header of ");
  }
  FileHeader header;
  std::memcpy(header.id.data(), bytes.data() + 8, header.id.size());
  header.number = get<std::uint64_t>(bytes, 24);
  header.created.micros = get<std::int64_t>(bytes, 32);
  return header;
}

}  // namespace

std::string encode(const SegmentHeader& header) {
  return encode_header(k_segment_magic, {header.id, header.first, header.created});
}

Result<SegmentHeader> decode_segment_header(std::string_view bytes) {
  BL_TRY(const FileHeader header, decode_header(k_segment_magic, "a journal segment", bytes));
  return SegmentHeader{header.id, header.number, header.created};
}

std::string encode_object_header(const JournalId& id, std::uint64_t ordinal, Timestamp created) {
  return encode_header(k_object_magic, {id, ordinal, created});
}

std::string encode_seal(const JournalId& id, std::uint64_t ordinal, Timestamp created) {
  GroupWriter group(id, 0);
  return encode_object_header(id, ordinal, created).append(group.finish(created));
}

Result<ObjectGroup> decode_object(std::string_view bytes, const JournalId& id,
                                  std::uint64_t ordinal) {
  BL_TRY(const FileHeader header, decode_header(k_object_magic, "an object of a journal", bytes));
  if (header.id != id || header.number != ordinal) {
    return Error{Code::corrupt, "an object of another journal, or of another place in it"};
  }
  const Error broken{Code::corrupt, "an object of a journal is not whole"};
  bytes.remove_prefix(k_segment_header_bytes);
  const auto group = decode_group_header(bytes, id);
  if (!group) return broken;
  auto records = decode_group_body(*group, bytes.substr(k_group_header_bytes));
  if (!records || records->empty() != (group->first == 0)) return broken;
  return ObjectGroup{group->first, group->at, std::move(*records)};
}

std::optional<GroupHeader> decode_group_header(std::string_view bytes, const JournalId& id) {
  if (bytes.size() < k_group_header_bytes || !bytes.starts_with(k_group_magic)) return std::nullopt;
  if (get<std::uint64_t>(bytes, 32) != tag_of(id)) return std::nullopt;
  if (get<std::uint64_t>(bytes, 40) != xxh3_64(bytes.substr(0, 40))) return std::nullopt;
  GroupHeader header;
  header.records = get<std::uint32_t>(bytes, 4);
  header.body_bytes = get<std::uint64_t>(bytes, 8);
  header.first = get<std::uint64_t>(bytes, 16);
  header.at.micros = get<std::int64_t>(bytes, 24);
  return header;
}

GroupWriter::GroupWriter(const JournalId& id, RecordNo first, std::size_t body_bytes)
    : id_(id), first_(first) {
  text_.reserve(k_group_header_bytes + body_bytes + k_group_trailer_bytes);
  text_.assign(k_group_header_bytes, '\0');
}

void GroupWriter::add(std::string_view key, std::string_view payload) {
  put(text_, static_cast<std::uint32_t>(key.size()));
  put(text_, static_cast<std::uint32_t>(payload.size()));
  text_ += key;
  text_ += payload;
  ++records_;
}

std::string_view GroupWriter::finish(Timestamp at) {
  std::string header(k_group_magic);
  put(header, records_);
  put(header, static_cast<std::uint64_t>(text_.size() - k_group_header_bytes));
  put(header, first_);
  put(header, at.micros);
  put(header, tag_of(id_));
  put(header, xxh3_64(header));
  text_.replace(0, header.size(), header);
  put(text_, xxh3_64(std::string_view(text_).substr(k_group_header_bytes)));
  return text_;
}

std::optional<std::vector<JournalRecord>> decode_group_body(const GroupHeader& header,
                                                            std::string_view body_and_trailer) {
  if (body_and_trailer.size() < k_group_trailer_bytes ||
      body_and_trailer.size() - k_group_trailer_bytes != header.body_bytes) {
    return std::nullopt;
  }
  const std::string_view body = body_and_trailer.substr(0, header.body_bytes);
  if (get<std::uint64_t>(body_and_trailer, body.size()) != xxh3_64(body)) return std::nullopt;
  std::vector<JournalRecord> records;
  records.reserve(std::min<std::size_t>(header.records, body.size() / k_record_header_bytes));
  std::size_t at = 0;
  while (at < body.size()) {
    if (body.size() - at < k_record_header_bytes) return std::nullopt;
    const std::size_t key_bytes = get<std::uint32_t>(body, at);
    const std::size_t payload_bytes = get<std::uint32_t>(body, at + 4);
    at += k_record_header_bytes;
    if (body.size() - at < key_bytes + payload_bytes) return std::nullopt;
    records.push_back({header.first + records.size(), header.at, body.substr(at, key_bytes),
                       body.substr(at + key_bytes, payload_bytes)});
    at += key_bytes + payload_bytes;
  }
  if (records.size() != header.records) return std::nullopt;
  return records;
}

}  // namespace bl::lake
