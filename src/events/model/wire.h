#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/result.h"

/// The wire of protobuf: tags, varints, lengths. What the messages are is in protobuf.cc.
namespace bl::events::wire {

enum class Type : std::uint8_t { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };

void put_varint(std::string& out, std::uint64_t value);
inline void put_tag(std::string& out, std::uint32_t field, Type type) {
  put_varint(out, (std::uint64_t{field} << 3) | static_cast<std::uint8_t>(type));
}
/// proto3: a value that is the default is not there.
void put_int(std::string& out, std::uint32_t field, std::int64_t value);
void put_text(std::string& out, std::uint32_t field, std::string_view text);
/// An element of a list: there also when it is empty.
void put_element(std::string& out, std::uint32_t field, std::string_view text);
void put_map(std::string& out, std::uint32_t field,
             const std::map<std::string, std::string>& entries);

/// A message within a message: its length is put in front when its end is known.
template <class Body>
void put_message(std::string& out, std::uint32_t field, const Body& body) {
  put_tag(out, field, Type::bytes);
  const std::size_t at = out.size();
  out.push_back('\0');  // enough for up to 127 bytes, which most are
  body();
  const std::size_t size = out.size() - at - 1;
  if (size < 0x80) {
    out[at] = static_cast<char>(size);
    return;
  }
  std::string length;
  put_varint(length, size);
  out.replace(at, 1, length);
}

/// One field of a message that is read.
struct Field {
  std::uint32_t number = 0;
  Type type = Type::varint;
  std::uint64_t value = 0;  ///< varint, fixed
  std::string_view bytes;   ///< of Type::bytes
  std::size_t offset = 0;   ///< of `bytes`, or of the field, in the whole
};

/// Reads the fields of one message. Errors: corrupt, with the offset in the whole.
class Reader {
 public:
  explicit Reader(std::string_view bytes, std::size_t offset = 0)
      : bytes_(bytes), offset_(offset) {}
  explicit Reader(const Field& message) : Reader(message.bytes, message.offset) {}
  bool at_end() const { return at_ == bytes_.size(); }
  Result<Field> next();

 private:
  bool varint(std::uint64_t& value);
  Error corrupt(std::string_view what) const;

  std::string_view bytes_;
  std::size_t offset_;
  std::size_t at_ = 0;
};

Error corrupt_at(std::size_t offset, std::string_view what);
/// Errors: corrupt (another wire type; a text that is not UTF-8).
Result<void> read_text(const Field& field, std::string& to);
Result<void> read_int(const Field& field, std::int64_t& to);
Result<void> read_map(const Field& field, std::map<std::string, std::string>& to);
Result<void> expect_message(const Field& field);

}  // namespace bl::events::wire
