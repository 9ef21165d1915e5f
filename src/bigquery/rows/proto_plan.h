#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "bigquery/model.h"
#include "bigquery/rows/proto_descriptor.h"

/// What a message's fields become in a table's columns. Private to this folder.
namespace bl::bigquery {

/// How a value comes out of the wire.
enum class ProtoSource : unsigned char {
  whole,       ///< a number as it stands (also bool): varint
  whole32,     ///< int32: a varint whose upper half is not looked at
  unsigned32,  ///< uint32
  zigzag,      ///< sint32, sint64
  fixed32,     ///< fixed32
  signed_fixed32,
  fixed64,  ///< also sfixed64: the bits
  float32,
  float64,
  bytes,  ///< string, bytes
  name,   ///< an enum's value by its name
  message,
  seconds_nanos,  ///< google.protobuf.Timestamp, Duration: microseconds
};

struct ProtoMessagePlan;

struct ProtoFieldPlan {
  ProtoSource source = ProtoSource::whole;
  int column = 0;           ///< of the record's fields
  bool is_wrapped = false;  ///< Int64Value, ...: the value is its field 1
  bool is_repeated = false;
  bool is_unsigned64 = false;
  bool is_string = false;  ///< UTF-8 that must be checked
  std::shared_ptr<const ProtoEnum> names;
  std::unique_ptr<ProtoMessagePlan> message;
};

struct ProtoMessagePlan {
  std::vector<ProtoFieldPlan> fields;
  std::vector<std::uint32_t> required;  ///< of `fields`, as the writer says
  std::vector<int> by_small_number;     ///< of `fields`, -1: none
  std::unordered_map<std::uint32_t, int> by_number;

  /// -1: none.
  int find(std::uint32_t number) const {
    if (number < by_small_number.size()) return by_small_number[number];
    const auto found = by_number.find(number);
    return found == by_number.end() ? -1 : found->second;
  }
};

/// Errors: conflict (fields without a column), invalid (a kind that a column does not take).
Result<ProtoMessagePlan> plan_message(const ProtoDescriptor& message,
                                      const std::vector<TableField>& columns);

}  // namespace bl::bigquery
