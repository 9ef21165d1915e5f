#include "bigquery/lake_schema.h"

#include <fmt/format.h>

#include "base/json.h"

namespace bl::bigquery {
namespace {

using columns::Field;
using columns::Kind;
using columns::Type;

// A level of BigQuery is a list and a struct here.
const columns::SchemaLimits k_lake_limits{
    .columns_max = 40'000, .depth_max = 32, .name_bytes_max = 1024};

Type type_of(const TableField& field);

Type scalar_type(FieldType type) {
  switch (type) {
      // clang-format off
    case FieldType::text: case FieldType::json: return Kind::text;
    case FieldType::bytes: return Kind::binary;
    case FieldType::int64: return Kind::int64;
    case FieldType::float64: return Kind::float64;
    case FieldType::boolean: return Kind::boolean;
    case FieldType::numeric: return Type::decimal(38, 9);
    case FieldType::bignumeric: return Type::decimal(38, 19);
    case FieldType::timestamp: return Kind::timestamp;
    case FieldType::datetime: return Kind::naive_timestamp;
    case FieldType::date: return Kind::date;
    case FieldType::time: return Kind::time;
      // clang-format on
    case FieldType::interval:
      return Type::structure(
          {{"months", Kind::int32}, {"days", Kind::int32}, {"micros", Kind::int64}});
    default:
      return {};
  }
}

Type element_type(const TableField& field) {
  if (field.type == FieldType::range) {
    return Type::structure(
        {{"start", scalar_type(field.range_of)}, {"end", scalar_type(field.range_of)}});
  }
  if (field.type != FieldType::record) return scalar_type(field.type);
  std::vector<Field> children;
  for (const TableField& child : field.fields) children.push_back({child.name, type_of(child)});
  return Type::structure(std::move(children));
}

Type type_of(const TableField& field) {
  Type element = element_type(field);
  return field.mode == FieldMode::repeated ? Type::list(std::move(element)) : element;
}

std::vector<Field> lake_fields(const TableSchema& schema) {
  std::vector<Field> fields;
  for (const TableField& field : schema.fields) {
    fields.push_back({field.name, type_of(field)});
  }
  return fields;
}

bool is_interval(const Type& type) {
  return type == scalar_type(FieldType::interval);
}

std::optional<FieldType> range_element(const Type& type) {
  if (type.children.size() != 2 || type.children[0].name != "start" ||
      type.children[1].name != "end" || !(type.children[0].type == type.children[1].type)) {
    return std::nullopt;
  }
  if (type.children[0].type.kind == Kind::date) return FieldType::date;
  if (type.children[0].type.kind == Kind::timestamp) return FieldType::timestamp;
  if (type.children[0].type.kind == Kind::naive_timestamp) return FieldType::datetime;
  return std::nullopt;
}

std::optional<FieldType> plain_type(const Type& type) {
  switch (type.kind) {
      // clang-format off
    case Kind::boolean: return FieldType::boolean;
    case Kind::int8: case Kind::int16: case Kind::int32: case Kind::int64:
    case Kind::uint8: case Kind::uint16: case Kind::uint32: return FieldType::int64;
    case Kind::float32: case Kind::float64: return FieldType::float64;
    case Kind::text: return FieldType::text;
    case Kind::binary: return FieldType::bytes;
    case Kind::date: return FieldType::date;
    case Kind::time: return FieldType::time;
    case Kind::timestamp: return FieldType::timestamp;
    case Kind::naive_timestamp: return FieldType::datetime;
      // clang-format on
    case Kind::decimal:
      return type.scale <= 9 && type.precision - type.scale <= 29 ? FieldType::numeric
                                                                  : FieldType::bignumeric;
    case Kind::other:
      if (type.other == "month_day_nano_interval") return FieldType::interval;
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

Result<TableField> table_field(const Field& field) {
  TableField out;
  out.name = field.name;
  out.mode_is_given = true;
  const bool is_list = field.type.kind == Kind::list;
  out.mode = is_list          ? FieldMode::repeated
             : field.nullable ? FieldMode::nullable
                              : FieldMode::required;
  const Type& type = is_list ? field.type.children[0].type : field.type;
  if (const auto plain = plain_type(type)) {
    out.type = *plain;
    return out;
  }
  if (type.kind != Kind::structure) {
    return Error{Code::unsupported, fmt::format("a type that BigQuery has not, of column {}: {}",
                                                field.name, field.type.text())};
  }
  const auto range_of = range_element(type);
  if (is_interval(type)) {
    out.type = FieldType::interval;
  } else if (range_of) {
    out.type = FieldType::range;
    out.range_of = *range_of;
  } else {
    out.type = FieldType::record;
    for (const Field& child : type.children) {
      BL_TRY(TableField one, table_field(child));
      out.fields.push_back(std::move(one));
    }
  }
  return out;
}

/// The schema that the metadata carries; nullopt when there is none that fits.
std::optional<TableSchema> carried_schema(const columns::Schema& schema) {
  for (const auto& [key, text] : schema.metadata()) {
    if (key != k_schema_metadata) continue;
    const auto value = json::parse(text);
    if (!value.ok()) return std::nullopt;
    auto carried = schema_from_json(*value);
    if (!carried.ok() || lake_fields(*carried) != schema.fields()) return std::nullopt;
    return std::move(*carried);
  }
  return std::nullopt;
}

}  // namespace

Result<columns::Schema> lake_schema_of(const TableSchema& schema) {
  return columns::Schema::make(
      lake_fields(schema),
      {{std::string(k_schema_metadata), json::to_text(schema_to_json(schema))}}, k_lake_limits);
}

Result<TableSchema> table_schema_of(const columns::Schema& schema) {
  if (auto carried = carried_schema(schema)) return std::move(*carried);
  TableSchema out;
  for (const Field& field : schema.fields()) {
    BL_TRY(TableField one, table_field(field));
    out.fields.push_back(std::move(one));
  }
  return out;
}

}  // namespace bl::bigquery
