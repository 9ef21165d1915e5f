#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/protobuf.h"
#include "base/result.h"

/// The wire of protobuf (base/protobuf.h) with our errors.
namespace bl::events::wire {

using protobuf::Field;
using protobuf::put_element;
using protobuf::put_int;
using protobuf::put_message;
using protobuf::put_tag;
using protobuf::put_text;
using protobuf::Type;

void put_map(std::string& out, std::uint32_t field,
             const std::map<std::string, std::string>& entries);

/// Reads the fields of one message. Errors: corrupt, with the offset in the whole.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : reader_(bytes) {}
  explicit Reader(const Field& message) : reader_(message) {}
  bool at_end() {
    look();
    return !has_field_ && reader_.fault() == nullptr;
  }
  Result<Field> next();

 private:
  void look() {
    if (!has_field_) has_field_ = reader_.next(field_);
  }

  protobuf::Reader reader_;
  Field field_;  // the next one, if has_field_
  bool has_field_ = false;
};

Error corrupt_at(std::size_t offset, std::string_view what);
/// Errors: corrupt (another wire type; a text that is not UTF-8).
Result<void> read_text(const Field& field, std::string& to);
Result<void> read_int(const Field& field, std::int64_t& to);
Result<void> read_map(const Field& field, std::map<std::string, std::string>& to);
Result<void> expect_message(const Field& field);

}  // namespace bl::events::wire
