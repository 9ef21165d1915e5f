#include "events/model/wire.h"

#include <fmt/format.h>

#include "base/utf8.h"

namespace bl::events::wire {

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

Result<Field> Reader::next() {
  look();
  if (has_field_) {
    has_field_ = false;
    return field_;
  }
  const char* fault = reader_.fault();
  return corrupt_at(reader_.fault_offset(), fault ? fault : "ends within a message");
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
