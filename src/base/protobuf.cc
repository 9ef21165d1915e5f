#include "base/protobuf.h"

#include <bit>
#include <cstring>

namespace bl::protobuf {
namespace {

constexpr std::size_t k_group_depth_max = 64;

template <class Number>
Number little_endian(const char* at) {
  static_assert(std::endian::native == std::endian::little);
  Number number;
  std::memcpy(&number, at, sizeof number);
  return number;
}
template <class Number>
void put_little_endian(std::string& out, Number number) {
  out.append(reinterpret_cast<const char*>(&number), sizeof number);
}

}  // namespace

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

void put_fixed32(std::string& out, std::uint32_t field, std::uint32_t value) {
  if (value == 0) return;
  put_tag(out, field, Type::fixed32);
  put_little_endian(out, value);
}

void put_fixed64(std::string& out, std::uint32_t field, std::uint64_t value) {
  if (value == 0) return;
  put_tag(out, field, Type::fixed64);
  put_little_endian(out, value);
}

void put_element(std::string& out, std::uint32_t field, std::string_view text) {
  put_tag(out, field, Type::bytes);
  put_varint(out, text.size());
  out.append(text);
}

inline bool Reader::varint(std::uint64_t& value) {
  if (at_ == bytes_.size()) return false;
  const auto byte = static_cast<unsigned char>(bytes_[at_]);
  if (byte >= 0x80) return long_varint(value);
  ++at_;
  value = byte;
  return true;
}

bool Reader::long_varint(std::uint64_t& value) {
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

bool Reader::next(Field& field) {
  while (!at_end() && fault_ == nullptr) {
    if (!tag(field)) return false;
    if (field.type == Type::end_group) return fail("ends a group that did not begin");
    if (field.type != Type::begin_group) return content(field);
    if (!pass_group(field.number)) return false;
  }
  return false;
}

inline bool Reader::tag(Field& field) {
  field.offset = offset_ + at_;
  std::uint64_t tag = 0;
  if (!varint(tag)) return fail("has a broken tag");
  const std::uint64_t number = tag >> 3;
  if (number == 0 || number >= (1u << 29)) return fail("has a tag out of range");
  if ((tag & 7) > 5) return fail("has a field of a kind that is not protobuf's");
  field.number = static_cast<std::uint32_t>(number);
  field.type = static_cast<Type>(tag & 7);
  return true;
}

inline bool Reader::content(Field& field) {
  std::uint64_t size = field.type == Type::fixed64 ? 8 : 4;
  if (field.type == Type::varint) {
    return varint(field.value) || fail("has a broken number");
  }
  if (field.type == Type::bytes && !varint(size)) return fail("has a broken length");
  if (size > bytes_.size() - at_) return fail("ends within a field");
  field.offset = offset_ + at_;
  field.bytes = bytes_.substr(at_, size);
  if (field.type == Type::fixed64) field.value = little_endian<std::uint64_t>(field.bytes.data());
  if (field.type == Type::fixed32) field.value = little_endian<std::uint32_t>(field.bytes.data());
  at_ += size;
  return true;
}

bool Reader::pass_group(std::uint32_t number) {
  std::uint32_t open[k_group_depth_max] = {number};
  std::size_t depth = 1;
  Field field;
  while (depth > 0) {
    if (at_end()) return fail("ends within a group");
    if (!tag(field)) return false;
    if (field.type == Type::begin_group) {
      if (depth == k_group_depth_max) return fail("has groups nested too deep");
      open[depth++] = field.number;
    } else if (field.type == Type::end_group) {
      if (open[--depth] != field.number) return fail("ends a group that did not begin");
    } else if (!content(field)) {
      return false;
    }
  }
  return true;
}

}  // namespace bl::protobuf
