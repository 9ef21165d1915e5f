#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

/// Tables as BigQuery describes them (spec/bigquery-and-gate.md 2.2, 3.2): values and their rules;
/// no I/O.
namespace bl::bigquery {

enum class FieldType : unsigned char {
  text,  ///< STRING
  bytes,
  int64,
  float64,
  boolean,
  numeric,     ///< 38 digits, 9 behind the point
  bignumeric,  ///< 38 digits here (BigQuery: 76), 19 behind the point
  timestamp,   ///< an instant, microseconds
  datetime,    ///< without a zone, microseconds
  date,
  time,
  interval,
  json,
  range,   ///< of `range_of`
  record,  ///< STRUCT
};
enum class FieldMode : unsigned char { nullable, required, repeated };

struct TableField {
  std::string name;  ///< found without regard to case, kept as given
  FieldType type = FieldType::text;
  FieldMode mode = FieldMode::nullable;
  bool mode_is_given = false;            ///< an answer has `mode` only where it was given
  std::vector<TableField> fields;        ///< of a record
  FieldType range_of = FieldType::date;  ///< date, datetime or timestamp
  std::string description;
  std::optional<std::int64_t> max_length;  ///< of text and bytes
  std::optional<int> precision, scale;     ///< of numeric and bignumeric
  std::string default_expression;          ///< GoogleSQL; empty: null
  bool operator==(const TableField&) const = default;
};
struct TableSchema {
  std::vector<TableField> fields;
  bool operator==(const TableSchema&) const = default;
  /// Without regard to case (ASCII); null when there is none.
  const TableField* find(std::string_view name) const;
};

/// `INTEGER`, `FLOAT`, `BOOLEAN`, `RECORD`, ...: the older names, which answers have.
std::string_view legacy_name_of(FieldType type);
/// `INT64`, `FLOAT64`, `BOOL`, `STRUCT`, ...: GoogleSQL's.
std::string_view sql_name_of(FieldType type);
/// Either, in any case; `GEOGRAPHY` and what else we do not have: nullopt.
std::optional<FieldType> field_type_named(std::string_view name);

struct SchemaLimits {
  int fields_max = 10'000;  ///< nested ones counted
  int depth_max = 15;
  std::size_t name_bytes_max = 300;
};
/// `{"fields":[...]}` of a request. Errors: invalid, with the place (`/fields/2/type`) and the
/// value; unsupported (GEOGRAPHY, by name).
Result<TableSchema> schema_from_json(const json::Value& value, const SchemaLimits& limits = {});
/// As answers have it.
json::Value schema_to_json(const TableSchema& schema);

/// `project`: empty where the text does not say.
struct TableName {
  std::string project, dataset, table;
  bool operator==(const TableName&) const = default;
  auto operator<=>(const TableName&) const = default;
};

}  // namespace bl::bigquery
