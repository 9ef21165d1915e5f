#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "base/protobuf.h"
#include "bigquery/rows/proto_plan.h"
#include "bigquery/rows/row_builder.h"

namespace bl::bigquery {

struct MissingValues;

/// Of a message that wraps one value (its field 1), that value; `inner` has the wanted type and
/// keeps the value 0 when there is none. False: it is no such message.
bool unwrap(std::string_view message, protobuf::Field& inner);
/// Takes one number off packed ones.
bool take_packed(std::string_view& rest, protobuf::Type wire, std::uint64_t& value);
/// Appends a value whose wire type was checked; null and a fault when the column cannot have it.
void put_proto_value(RowBuilder& builder, FieldColumn& column, const ProtoFieldPlan& field,
                     const protobuf::Field& part);
/// DATE, DATETIME, TIME or TIMESTAMP in the unit that it is kept in; nullopt: no such value.
std::optional<std::int64_t> proto_instant(FieldType type, const ProtoFieldPlan& field,
                                          const protobuf::Field& part);
/// Which of the table's columns get their default when they are missing.
std::vector<bool> defaulted_columns(const TableSchema& schema, const MissingValues& missing);

}  // namespace bl::bigquery
