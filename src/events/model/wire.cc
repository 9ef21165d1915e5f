#include "events/model/wire.h"

#include <fmt/format.h>

#include "base/utf8.h"

namespace bl::events::wire {

void put_varint(std::string& out, std::uint64_t value) {
  while (value >= 0x80) {
    out.push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<char>(value));
}

void put_int(std::string& out, std::uint32_t field, std::int64_t value) {
  if (value == 0) return;
  put_tag(out, field, Type::varint);
  put_varint(out, static_cast<std::uint64_t>(value));
}

void put_text(std::string& out, std::uint32_t field, std::string_view text) {
  if (!text.empty()) put_element(out, field, text);
}

void put_element(std::string& out, std::uint32_t field, std::string_view text) {
  put_tag(out, field, Type::bytes);
  put_varint(out, text.size());
  out.append(text);
}

void put_map(std::string& out, std::uint32_t field,
             const std::map<std::string, std::string>& entries) {
  // Entries always have both members, as other writers of maps have them.
  for (const auto& [key, value] : entries) {
    put_message(out, field, [&] {
      put_element(out, 1, key);
      put_element(out, 2, value);
    });
  }
}

Error corrupt_at(std::size_t offset, std::string_view what) {
  return Error{Code::corrupt, fmt::format("the protobuf {} at byte {}", what, offset)};
}

Error Reader::corrupt(std::string_view what) const {
  return corrupt_at(offset_ + at_, what);
}

bool Reader::varint(std::uint64_t& value) {
  value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    if (at_ == bytes_.size()) return false;
    const auto byte = static_cast<unsigned char>(bytes_[at_++]);
    if (shift == 63 && byte > 1) return false;
    value |= std::uint64_t{byte & 0x7fu} << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

Result<Field> Reader::next() {
  Field field;
  field.offset = offset_ + at_;
  std::uint64_t tag = 0;
  if (!varint(tag)) return corrupt("has a broken tag");
  const std::uint64_t number = tag >> 3;
  if (number == 0 || number >= (1u << 29)) return corrupt("has a tag out of range");
  field.number = static_cast<std::uint32_t>(number);
  field.type = static_cast<Type>(tag & 7);
  std::uint64_t size = 0;
  switch (field.type) {
    case Type::varint:
      if (!varint(field.value)) return corrupt("has a broken number");
      return field;
    case Type::fixed64:
      size = 8;
      break;
    case Type::fixed32:
      size = 4;
      break;
    case Type::bytes:
      if (!varint(size)) return corrupt("has a broken length");
      break;
    default:
      return corrupt("has a field of a kind that is not proto3's");
  }
  if (size > bytes_.size() - at_) return corrupt("ends within a field");
  field.offset = offset_ + at_;
  field.bytes = bytes_.substr(at_, size);
  at_ += size;
  return field;
}

Result<void> expect_message(const Field& field) {
  if (field.type == Type::bytes) return {};
  return corrupt_at(field.offset, fmt::format("has another type in field {}", field.number));
}

Result<void> read_text(const Field& field, std::string& to) {
  BL_RETURN_IF_ERROR(expect_message(field));
  if (!is_utf8(field.bytes))
    return corrupt_at(field.offset, fmt::format("has no UTF-8 in field {}", field.number));
  to = field.bytes;
  return {};
}

Result<void> read_int(const Field& field, std::int64_t& to) {
  if (field.type != Type::varint)
    return corrupt_at(field.offset, fmt::format("has another type in field {}", field.number));
  to = static_cast<std::int64_t>(field.value);
  return {};
}

Result<void> read_map(const Field& field, std::map<std::string, std::string>& to) {
  BL_RETURN_IF_ERROR(expect_message(field));
  std::string key, value;
  for (Reader reader(field); !reader.at_end();) {
    BL_TRY(const Field member, reader.next());
    if (member.number == 1) BL_RETURN_IF_ERROR(read_text(member, key));
    if (member.number == 2) BL_RETURN_IF_ERROR(read_text(member, value));
  }
  to[std::move(key)] = std::move(value);
  return {};
}

}  // namespace bl::events::wire
