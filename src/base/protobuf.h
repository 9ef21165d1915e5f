#pragma once

#include <cstdint>
#include <string>
#include <string_view>

/// The wire of protobuf: tags, varints, lengths. What the messages are is known to the folders
/// whose wire they are. Threads: each object belongs to one.
namespace bl::protobuf {

enum class Type : std::uint8_t {
  varint = 0,
  fixed64 = 1,
  bytes = 2,
  begin_group = 3,  ///< old; passed over whole
  end_group = 4,
  fixed32 = 5
};

void put_varint(std::string& out, std::uint64_t value);
inline void put_tag(std::string& out, std::uint32_t field, Type type) {
  put_varint(out, (std::uint64_t{field} << 3) | static_cast<std::uint8_t>(type));
}
/// proto3: a value that is the default is not there.
void put_int(std::string& out, std::uint32_t field, std::int64_t value);
void put_text(std::string& out, std::uint32_t field, std::string_view text);
void put_fixed32(std::string& out, std::uint32_t field, std::uint32_t value);
void put_fixed64(std::string& out, std::uint32_t field, std::uint64_t value);
/// An element of a list, or a member of a oneof: there also when it is empty.
void put_element(std::string& out, std::uint32_t field, std::string_view text);

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

/// Reads the fields of one message; groups are passed over.
class Reader {
 public:
  explicit Reader(std::string_view bytes, std::size_t offset = 0)
      : bytes_(bytes), offset_(offset) {}
  explicit Reader(const Field& message) : Reader(message.bytes, message.offset) {}
  /// False: at the end, or broken.
  bool next(Field& field);
  /// What is broken: "has a broken tag"; null: nothing.
  const char* fault() const { return fault_; }
  std::size_t fault_offset() const { return offset_ + at_; }  ///< in the whole

 private:
  bool at_end() const { return at_ == bytes_.size(); }
  bool varint(std::uint64_t& value);
  bool long_varint(std::uint64_t& value);
  bool tag(Field& field);
  bool content(Field& field);
  bool pass_group(std::uint32_t number);
  bool fail(const char* what) {
    fault_ = what;
    return false;
  }

  std::string_view bytes_;
  std::size_t offset_;
  std::size_t at_ = 0;
  const char* fault_ = nullptr;
};

}  // namespace bl::protobuf
