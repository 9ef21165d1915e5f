#include "bigquery/rows/proto_plan.h"

#include <fmt/format.h>

#include <set>

#include "bigquery/model/names.h"

namespace bl::bigquery {
namespace {

constexpr std::uint32_t k_small_numbers = 1024;

bool is_whole(ProtoKind kind) {
  switch (kind) {
    case ProtoKind::int32:
    case ProtoKind::int64:
    case ProtoKind::uint32:
    case ProtoKind::uint64:
    case ProtoKind::sint32:
    case ProtoKind::sint64:
    case ProtoKind::fixed32:
    case ProtoKind::fixed64:
    case ProtoKind::sfixed32:
    case ProtoKind::sfixed64:
      return true;
    default:
      return false;
  }
}

bool is_unsigned64(ProtoKind kind) {
  return kind == ProtoKind::uint64 || kind == ProtoKind::fixed64;
}

bool is_floating(ProtoKind kind) {
  return kind == ProtoKind::float32 || kind == ProtoKind::float64;
}

bool takes(FieldType type, ProtoKind kind) {
  const bool is_small_whole = is_whole(kind) && !is_unsigned64(kind);
  const bool is_text = kind == ProtoKind::string;
  switch (type) {
    case FieldType::boolean:
      return kind == ProtoKind::boolean || is_whole(kind);
    case FieldType::int64:
      return is_small_whole || kind == ProtoKind::enumeration;
    case FieldType::float64:
      return is_floating(kind);
    case FieldType::text:
      return is_text || kind == ProtoKind::enumeration;
    case FieldType::bytes:
      return is_text || kind == ProtoKind::bytes;
    case FieldType::date:
      return is_text || is_small_whole;
    case FieldType::timestamp:
      return is_small_whole;
    case FieldType::datetime:
    case FieldType::time:
      return is_text || kind == ProtoKind::int64 || kind == ProtoKind::sfixed64 ||
             kind == ProtoKind::sint64;
    case FieldType::numeric:
    case FieldType::bignumeric:
      return is_text || is_whole(kind) || is_floating(kind) || kind == ProtoKind::bytes;
    case FieldType::json:
    case FieldType::interval:
      return is_text;
    case FieldType::range:
    case FieldType::record:
      return kind == ProtoKind::message;
  }
  return false;
}

ProtoSource source_of(ProtoKind kind, FieldType type) {
  switch (kind) {
      // clang-format off
    case ProtoKind::int32: return ProtoSource::whole32;
    case ProtoKind::uint32: return ProtoSource::unsigned32;
    case ProtoKind::sint32: case ProtoKind::sint64: return ProtoSource::zigzag;
    case ProtoKind::fixed32: return ProtoSource::fixed32;
    case ProtoKind::sfixed32: return ProtoSource::signed_fixed32;
    case ProtoKind::fixed64: case ProtoKind::sfixed64: return ProtoSource::fixed64;
    case ProtoKind::float32: return ProtoSource::float32;
    case ProtoKind::float64: return ProtoSource::float64;
    case ProtoKind::string: case ProtoKind::bytes: return ProtoSource::bytes;
    case ProtoKind::message: return ProtoSource::message;
    case ProtoKind::enumeration:
      return type == FieldType::text ? ProtoSource::name : ProtoSource::whole32;
    default: return ProtoSource::whole;
      // clang-format on
  }
}

/// What the well-known wrappers hold; none: not one of them.
ProtoKind wrapped_kind(std::string_view type_name) {
  static constexpr std::pair<std::string_view, ProtoKind> k_wrappers[] = {
      {"BoolValue", ProtoKind::boolean},   {"Int32Value", ProtoKind::int32},
      {"Int64Value", ProtoKind::int64},    {"UInt32Value", ProtoKind::uint32},
      {"UInt64Value", ProtoKind::uint64},  {"FloatValue", ProtoKind::float32},
      {"DoubleValue", ProtoKind::float64}, {"StringValue", ProtoKind::string},
      {"BytesValue", ProtoKind::bytes}};
  for (const auto& [name, kind] : k_wrappers) {
    if (type_name == name) return kind;
  }
  return ProtoKind::none;
}

/// `.google.protobuf.Timestamp` -> `Timestamp`, also where a client joined the names with `_`.
std::string_view well_known_name(std::string_view type_name) {
  for (const std::string_view prefix : {"google.protobuf.", "google_protobuf_"}) {
    const std::size_t at = type_name.rfind(prefix);
    if (at != std::string_view::npos) return type_name.substr(at + prefix.size());
  }
  return {};
}

Error not_taken(const ProtoFieldDescriptor& field, const TableField& column) {
  return Error{Code::invalid,
               fmt::format("a kind that a column of type {} does not take, {}: {}{}{}",
                           sql_name_of(column.type), field.name, name_of(field.kind),
                           field.type_name.empty() ? "" : " ", field.type_name)};
}

Result<ProtoFieldPlan> plan_field(const ProtoDescriptor& message, const ProtoFieldDescriptor& field,
                                  const TableField& column) {
  ProtoFieldPlan out;
  out.is_repeated = field.is_repeated;
  if (field.is_repeated != (column.mode == FieldMode::repeated)) {
    return Error{
        Code::invalid,
        fmt::format("a field is repeated and its column is not, or the contrary: {}", field.name)};
  }
  ProtoKind kind = field.kind;
  if (kind == ProtoKind::message) {
    const std::string_view known = well_known_name(field.type_name);
    const bool is_instant = (known == "Timestamp" && column.type == FieldType::timestamp) ||
                            (known == "Duration" && column.type == FieldType::interval);
    if (is_instant) {
      out.source = ProtoSource::seconds_nanos;
      return out;
    }
    const ProtoKind wrapped = wrapped_kind(known);
    if (wrapped != ProtoKind::none) kind = wrapped;
    out.is_wrapped = wrapped != ProtoKind::none;
  }
  if (!takes(column.type, kind)) return not_taken(field, column);
  out.source = source_of(kind, column.type);
  out.is_unsigned64 = is_unsigned64(kind);
  out.is_string = kind == ProtoKind::string && column.type != FieldType::bytes;
  if (out.source == ProtoSource::name) {
    out.names = message.find_enum(field.type_name);
    if (!out.names) {
      return Error{Code::invalid, fmt::format("an enum that is not there, of {}: {}", field.name,
                                              field.type_name)};
    }
  }
  if (out.source != ProtoSource::message) return out;
  const ProtoDescriptor* nested = message.find_message(field.type_name);
  if (nested == nullptr) {
    return Error{Code::invalid, fmt::format("a message that is not there, of {}: {}", field.name,
                                            field.type_name)};
  }
  std::vector<TableField> bounds(2);
  if (column.type == FieldType::range) {
    bounds[0].name = "start";
    bounds[1].name = "end";
    bounds[0].type = bounds[1].type = column.range_of;
  }
  BL_TRY(ProtoMessagePlan below,
         plan_message(*nested, column.type == FieldType::range ? bounds : column.fields));
  out.message = std::make_unique<ProtoMessagePlan>(std::move(below));
  return out;
}

}  // namespace

Result<ProtoMessagePlan> plan_message(const ProtoDescriptor& message,
                                      const std::vector<TableField>& columns) {
  std::unordered_map<std::string, int> by_name;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    by_name.emplace(lower(columns[i].name), static_cast<int>(i));
  }
  ProtoMessagePlan out;
  out.by_small_number.assign(k_small_numbers, -1);
  std::set<int> taken;
  std::string extra;
  for (const ProtoFieldDescriptor& field : message.fields) {
    const std::string& name = field.column_name.empty() ? field.name : field.column_name;
    const auto found = by_name.find(lower(name));
    if (found == by_name.end()) {
      if (extra.size() < 500) extra += (extra.empty() ? "" : ", ") + name;
      continue;
    }
    if (!taken.insert(found->second).second) {
      return Error{Code::invalid, fmt::format("two fields for one column: {}", name)};
    }
    BL_TRY(ProtoFieldPlan one,
           plan_field(message, field, columns[static_cast<std::size_t>(found->second)]));
    one.column = found->second;
    const int at = static_cast<int>(out.fields.size());
    if (field.is_required) out.required.push_back(static_cast<std::uint32_t>(at));
    if (field.number < k_small_numbers) out.by_small_number[field.number] = at;
    out.by_number.emplace(field.number, at);
    out.fields.push_back(std::move(one));
  }
  if (!extra.empty()) {
    return Error{Code::conflict,
                 fmt::format("the writer's schema has fields that the table has not: {}", extra)};
  }
  return out;
}

}  // namespace bl::bigquery
