#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

/// A DescriptorProto as far as rows need it. Private to this folder. libprotobuf's DynamicMessage
/// would build a pool and a message of objects for each row, several times the work of appending
/// the values to columns, and its types would be in our headers; what is read here is five
/// messages.
namespace bl::bigquery {

/// FieldDescriptorProto.Type
enum class ProtoKind : unsigned char {
  none = 0,
  float64 = 1,
  float32 = 2,
  int64 = 3,
  uint64 = 4,
  int32 = 5,
  fixed64 = 6,
  fixed32 = 7,
  boolean = 8,
  string = 9,
  group = 10,
  message = 11,
  bytes = 12,
  uint32 = 13,
  enumeration = 14,
  sfixed32 = 15,
  sfixed64 = 16,
  sint32 = 17,
  sint64 = 18,
};
std::string_view name_of(ProtoKind kind);

struct ProtoFieldDescriptor {
  std::string name;
  std::string column_name;  ///< the option; empty: the name
  std::uint32_t number = 0;
  bool is_repeated = false;
  bool is_required = false;
  ProtoKind kind = ProtoKind::none;
  std::string type_name;
};

struct ProtoEnum {
  std::string name;
  std::map<std::int64_t, std::string> values;  ///< the first name of each number
};

struct ProtoDescriptor {
  std::string name;
  std::vector<ProtoFieldDescriptor> fields;
  std::vector<ProtoDescriptor> nested;
  std::vector<std::shared_ptr<const ProtoEnum>> enums;
  const ProtoDescriptor* parent = nullptr;

  /// Names as they stand in fields: `.Row.Item`, `Item`, also with a package before them; looked
  /// for from this message outwards. Null when there is none.
  const ProtoDescriptor* find_message(std::string_view type_name) const;
  std::shared_ptr<const ProtoEnum> find_enum(std::string_view type_name) const;
};

/// Errors: malformed, invalid (of no use: fields without name, number or kind, or twice),
/// too_large.
Result<std::unique_ptr<ProtoDescriptor>> read_proto_descriptor(std::string_view bytes,
                                                               int fields_max);

}  // namespace bl::bigquery
