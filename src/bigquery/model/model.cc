#include "bigquery/model.h"

#include <array>

#include "bigquery/model/names.h"

namespace bl::bigquery {
namespace {

struct TypeNames {
  FieldType type;
  std::string_view legacy;
  std::string_view sql;
};

// In the order of FieldType.
constexpr std::array k_types{
    TypeNames{FieldType::text, "STRING", "STRING"},
    TypeNames{FieldType::bytes, "BYTES", "BYTES"},
    TypeNames{FieldType::int64, "INTEGER", "INT64"},
    TypeNames{FieldType::float64, "FLOAT", "FLOAT64"},
    TypeNames{FieldType::boolean, "BOOLEAN", "BOOL"},
    TypeNames{FieldType::numeric, "NUMERIC", "NUMERIC"},
    TypeNames{FieldType::bignumeric, "BIGNUMERIC", "BIGNUMERIC"},
    TypeNames{FieldType::timestamp, "TIMESTAMP", "TIMESTAMP"},
    TypeNames{FieldType::datetime, "DATETIME", "DATETIME"},
    TypeNames{FieldType::date, "DATE", "DATE"},
    TypeNames{FieldType::time, "TIME", "TIME"},
    TypeNames{FieldType::interval, "INTERVAL", "INTERVAL"},
    TypeNames{FieldType::json, "JSON", "JSON"},
    TypeNames{FieldType::range, "RANGE", "RANGE"},
    TypeNames{FieldType::record, "RECORD", "STRUCT"},
};

}  // namespace

const TableField* TableSchema::find(std::string_view name) const {
  for (const TableField& field : fields) {
    if (same_name(field.name, name)) return &field;
  }
  return nullptr;
}

std::string_view legacy_name_of(FieldType type) {
  return k_types[static_cast<std::size_t>(type)].legacy;
}

std::string_view sql_name_of(FieldType type) {
  return k_types[static_cast<std::size_t>(type)].sql;
}

std::optional<FieldType> field_type_named(std::string_view name) {
  for (const TypeNames& names : k_types) {
    if (same_name(names.legacy, name) || same_name(names.sql, name)) return names.type;
  }
  return std::nullopt;
}

}  // namespace bl::bigquery
