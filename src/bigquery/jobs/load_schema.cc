#include "bigquery/jobs/load_schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "bigquery/literals.h"
#include "bigquery/model/names.h"

namespace bl::bigquery {
namespace {

constexpr std::size_t k_name_bytes_max = 300;

/// What is known of one column so far.
struct Seen {
  std::string name;
  bool has_type = false;
  bool is_repeated = false;
  FieldType type = FieldType::text;
  std::vector<Seen> fields;
};

bool is_whole(std::string_view text) {
  std::int64_t number = 0;
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  return fault == std::errc() && end == text.data() + text.size();
}

FieldType type_of_text(std::string_view text) {
  if (is_whole(text)) return FieldType::int64;
  if (parse_float(text)) return FieldType::float64;
  const std::string small = lower(text);
  if (small == "true" || small == "false") return FieldType::boolean;
  if (parse_date(text)) return FieldType::date;
  if (parse_time(text)) return FieldType::time;
  if (parse_datetime(text)) return FieldType::datetime;
  if (parse_timestamp(text)) return FieldType::timestamp;
  return FieldType::text;
}

/// The type that takes both.
FieldType widened(FieldType a, FieldType b) {
  if (a == b) return a;
  const auto is_number = [](FieldType t) {
    return t == FieldType::int64 || t == FieldType::float64;
  };
  if (is_number(a) && is_number(b)) return FieldType::float64;
  const auto is_instant = [](FieldType t) {
    return t == FieldType::timestamp || t == FieldType::datetime || t == FieldType::date;
  };
  if (is_instant(a) && is_instant(b)) {
    const bool has_zone = a == FieldType::timestamp || b == FieldType::timestamp;
    return has_zone ? FieldType::timestamp : FieldType::datetime;
  }
  return FieldType::text;
}

void add_type(Seen& seen, FieldType type) {
  seen.type = seen.has_type ? widened(seen.type, type) : type;
  seen.has_type = true;
}

void add_members(std::vector<Seen>& columns, const json::Value& object);

void add_value(Seen& seen, const json::Value& value) {
  switch (value.kind()) {
    case json::Kind::null:
      return;
    case json::Kind::boolean:
      return add_type(seen, FieldType::boolean);
    case json::Kind::number:
      return add_type(seen, value.as_int64() ? FieldType::int64 : FieldType::float64);
    case json::Kind::string:
      return add_type(seen, type_of_text(value.as_string()));
    case json::Kind::array:
      seen.is_repeated = true;
      for (const json::Value& one : value.items()) add_value(seen, one);
      return;
    case json::Kind::object:
      add_type(seen, FieldType::record);
      add_members(seen.fields, value);
      return;
  }
}

void add_members(std::vector<Seen>& columns, const json::Value& object) {
  for (const auto& [name, value] : object.members()) {
    auto found = std::ranges::find_if(
        columns, [&, &called = name](const Seen& seen) { return same_name(seen.name, called); });
    if (found == columns.end()) {
      columns.push_back({.name = name});
      found = columns.end() - 1;
    }
    add_value(*found, value);
  }
}

Result<std::vector<TableField>> fields_of(const std::vector<Seen>& columns) {
  std::vector<TableField> fields;
  for (const Seen& seen : columns) {
    if (const auto fault = name_fault(seen.name, k_name_bytes_max); !fault.empty()) {
      return Error{Code::invalid, fmt::format("Invalid field name \"{}\": {}", seen.name, fault)};
    }
    TableField field;
    field.name = seen.name;
    field.type = seen.type;
    field.mode = seen.is_repeated ? FieldMode::repeated : FieldMode::nullable;
    field.mode_is_given = true;
    if (seen.type == FieldType::record) {
      BL_TRY(field.fields, fields_of(seen.fields));
    }
    fields.push_back(std::move(field));
  }
  return fields;
}

/// A column's name out of a cell: letters, digits and `_`.
std::string column_name(std::string_view cell, std::size_t index, const TableSchema& before) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  std::string name(!cell.empty() && is_digit(cell[0]) ? "_" : "");
  for (const char c : cell.substr(0, k_name_bytes_max - 1)) {
    const bool is_kept = is_letter(c) || is_digit(c) || static_cast<unsigned char>(c) >= 0x80;
    name.push_back(is_kept ? c : '_');
  }
  if (!name_fault(name, k_name_bytes_max).empty()) name = fmt::format("field_{}", index);
  while (before.find(name) != nullptr) name = fmt::format("{}_{}", name, index);
  return name;
}

}  // namespace

Result<TableSchema> detected_schema(std::span<const json::Value> rows) {
  std::vector<Seen> columns;
  for (const json::Value& row : rows) {
    if (row.is_object()) add_members(columns, row);
  }
  TableSchema schema;
  BL_TRY(schema.fields, fields_of(columns));
  return schema;
}

DetectedCsv detected_csv(std::span<const std::vector<CsvCell>> rows, bool named) {
  DetectedCsv made;
  std::vector<Seen> columns, first;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    for (std::size_t i = 0; i < rows[row].size(); ++i) {
      if (columns.size() <= i) columns.resize(i + 1);
      if (first.size() <= i) first.resize(i + 1);
      const CsvCell& cell = rows[row][i];
      if (cell.text.empty()) continue;
      add_type((row == 0 ? first : columns)[i], type_of_text(cell.text));
    }
  }
  const auto is_text = [](const Seen& seen) { return seen.type == FieldType::text; };
  made.has_header =
      named || (!rows.empty() && std::ranges::all_of(first, is_text) &&
                std::ranges::any_of(columns, [&](const Seen& seen) { return !is_text(seen); }));
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (!made.has_header && first[i].has_type) add_type(columns[i], first[i].type);
    TableField field;
    field.type = columns[i].type;
    field.mode_is_given = true;
    const bool is_named = made.has_header && i < rows[0].size();
    const std::string unnamed = fmt::format("{}_field_{}", lower(sql_name_of(field.type)), i);
    field.name = column_name(is_named ? rows[0][i].text : unnamed, i, made.schema);
    made.schema.fields.push_back(std::move(field));
  }
  return made;
}

}  // namespace bl::bigquery
