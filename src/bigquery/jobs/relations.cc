#include "bigquery/jobs/relations.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "bigquery/sql/types.h"

namespace bl::bigquery {
namespace {

using columns::Kind;
using sql::engine_name;
using sql::engine_type;
using sql::quoted_literal;

std::string joined(const std::vector<std::string>& items) {
  return fmt::format("{}", fmt::join(items, ", "));
}

std::string engine_type_of(const TableField& field) {
  return engine_type(sql::type_of(field));
}

TableField element_of(TableField field) {
  field.mode = FieldMode::nullable;
  return field;
}

std::string member_of(const std::string& value, std::string_view name) {
  return fmt::format("struct_extract({}, {})", value, quoted_literal(name));
}

std::string in_list(const std::string& value, const std::string& name, const std::string& element) {
  return fmt::format("list_transform({}, lambda {}: {})", value, name, element);
}

/// A struct of new values, null where the old one is.
std::string rebuilt(const std::string& value, const std::vector<std::string>& members) {
  return fmt::format("CASE WHEN {} IS NULL THEN NULL ELSE struct_pack({}) END", value,
                     joined(members));
}

// Out of the lake -----------------------------------------------------------------------------

Kind kept_kind(FieldType type) {
  switch (type) {
      // clang-format off
    case FieldType::text: return Kind::text;
    case FieldType::bytes: return Kind::binary;
    case FieldType::int64: return Kind::int64;
    case FieldType::float64: return Kind::float64;
    case FieldType::boolean: return Kind::boolean;
    case FieldType::timestamp: return Kind::timestamp;
    case FieldType::datetime: return Kind::naive_timestamp;
    case FieldType::date: return Kind::date;
    case FieldType::time: return Kind::time;
    default: return Kind::other;
      // clang-format on
  }
}

/// Is what the lake keeps of that type what the SQL wants?
bool is_as_wanted(const columns::Type& kept, const TableField& field) {
  if (field.mode == FieldMode::repeated) {
    return kept.kind == Kind::list && is_as_wanted(kept.children[0].type, element_of(field));
  }
  switch (field.type) {
    case FieldType::json:
    case FieldType::interval:
      return false;
    case FieldType::numeric:
    case FieldType::bignumeric: {
      const sql::Type wanted = sql::type_of(field);
      return kept == columns::Type::decimal(wanted.precision, wanted.scale);
    }
    case FieldType::range:
      return kept.kind == Kind::structure && kept.children.size() == 2 &&
             kept.children[0].type.kind == kept_kind(field.range_of);
    case FieldType::record:
      return kept.kind == Kind::structure &&
             std::ranges::equal(kept.children, field.fields, [](const auto& a, const auto& b) {
               return a.name == b.name && is_as_wanted(a.type, b);
             });
    default:
      return kept.kind == kept_kind(field.type);
  }
}

/// An INTERVAL is made, not cast, and so is all around it.
bool has_interval(const TableField& field) {
  return field.type == FieldType::interval || std::ranges::any_of(field.fields, has_interval);
}

std::string wanted_value(const std::string& value, const columns::Type& kept,
                         const TableField& field, int depth) {
  if (is_as_wanted(kept, field)) return value;
  if (!has_interval(field)) return fmt::format("CAST({} AS {})", value, engine_type_of(field));
  if (field.mode == FieldMode::repeated) {
    const std::string name = fmt::format("e{}", depth);
    return in_list(value, name,
                   wanted_value(name, kept.children[0].type, element_of(field), depth + 1));
  }
  if (field.type == FieldType::interval) {
    return fmt::format("(to_months({}) + to_days({}) + to_microseconds({}))",
                       member_of(value, "months"), member_of(value, "days"),
                       member_of(value, "micros"));
  }
  std::vector<std::string> members;
  for (std::size_t i = 0; i < field.fields.size(); ++i) {
    const TableField& inner = field.fields[i];
    members.push_back(fmt::format(
        "{} := {}", engine_name(inner.name),
        wanted_value(member_of(value, inner.name), kept.children[i].type, inner, depth)));
  }
  return rebuilt(value, members);
}

// Into the lake -------------------------------------------------------------------------------

/// The field whose engine's type is that of what is kept; of an INTERVAL nothing is cast.
TableField as_kept(TableField field) {
  if (field.type == FieldType::json) field.type = FieldType::text;
  field.precision.reset();
  field.scale.reset();
  std::ranges::transform(field.fields, field.fields.begin(), as_kept);
  return field;
}

/// Is a CAST to what is kept all that its value needs?
bool is_only_cast(const TableField& field) {
  return field.mode == FieldMode::nullable && field.type != FieldType::interval &&
         !field.max_length && !field.precision && std::ranges::all_of(field.fields, is_only_cast);
}

std::string parts_of_interval(const std::string& value) {
  const auto part = [&](std::string_view name) {
    return fmt::format("date_part('{}', {})", name, value);
  };
  return rebuilt(
      value,
      {fmt::format("\"months\" := CAST({} * 12 + {} AS INTEGER)", part("year"), part("month")),
       fmt::format("\"days\" := CAST({} AS INTEGER)", part("day")),
       fmt::format("\"micros\" := CAST({} * 3600000000 + {} * 60000000 + {} AS BIGINT)",
                   part("hour"), part("minute"), part("microsecond"))});
}

/// With the limit of a text or of bytes.
std::string of_length(const std::string& value, const TableField& field) {
  const char* length = field.type == FieldType::text ? "length" : "octet_length";
  const std::string words = fmt::format(
      "Field {}: {}({}) has maximum length {} but got a value with length ", field.name,
      sql::name_of(sql::type_of(element_of(field))), *field.max_length, *field.max_length);
  return fmt::format("CASE WHEN {0}({1}) > {2} THEN error({3} || {0}({1})) ELSE {1} END", length,
                     value, *field.max_length, quoted_literal(words));
}

std::string kept_value(const std::string& value, const TableField& field, int depth) {
  if (is_only_cast(field)) {
    return fmt::format("CAST({} AS {})", value, engine_type_of(as_kept(field)));
  }
  if (field.mode == FieldMode::repeated) {
    const TableField element = element_of(field);
    const std::string name = fmt::format("e{}", depth);
    const std::string words =
        fmt::format("Array cannot have a null element; error in writing field {}", field.name);
    const std::string list =
        is_only_cast(element) ? fmt::format("CAST({} AS {})", value, engine_type_of(as_kept(field)))
                              : in_list(value, name, kept_value(name, element, depth + 1));
    return fmt::format(
        "CASE WHEN {0} IS NULL THEN [] WHEN list_count({0}) < len({0}) THEN error({1}) ELSE {2} "
        "END",
        value, quoted_literal(words), list);
  }
  if (field.mode == FieldMode::required) {
    return fmt::format("coalesce({}, error({}))", kept_value(value, element_of(field), depth),
                       quoted_literal(fmt::format("Required field {} cannot be null", field.name)));
  }
  if (field.type == FieldType::interval) return parts_of_interval(value);
  if (field.max_length) return of_length(value, field);
  if (field.type != FieldType::record) {  // a number of fewer digits
    return fmt::format("CAST(CAST({} AS {}) AS {})", value, engine_type_of(field),
                       engine_type_of(as_kept(field)));
  }
  std::vector<std::string> members;
  for (const TableField& inner : field.fields) {
    members.push_back(fmt::format("{} := {}", engine_name(inner.name),
                                  kept_value(member_of(value, inner.name), inner, depth)));
  }
  return rebuilt(value, members);
}

}  // namespace

std::string engine_value_of(const TableField& field, const columns::Schema& lake,
                            const std::string& column) {
  std::string value = fmt::format("CAST(NULL AS {})", engine_type_of(field));
  bool may_be_null = true;
  if (const auto at = lake.find(field.name)) {
    const columns::Field& kept = lake.fields()[static_cast<std::size_t>(*at)];
    value = wanted_value(column, kept.type, field, 1);
    may_be_null = kept.nullable;
  }
  // Files of before the column was added.
  const bool is_list = field.mode == FieldMode::repeated;
  return is_list && may_be_null ? fmt::format("coalesce({}, [])", value) : value;
}

std::string relation_columns(const TableSchema& schema, const columns::Schema& lake) {
  std::vector<std::string> items;
  for (const TableField& field : schema.fields) {
    const std::string name = engine_name(field.name);
    const std::string value = engine_value_of(field, lake, name);
    items.push_back(value == name ? name : fmt::format("{} AS {}", value, name));
  }
  return joined(items);
}

engine::NamedTable relation_of(const sql::UsedTable& used, const TableSchema& schema,
                               lake::Snapshot snapshot) {
  std::string columns = relation_columns(schema, snapshot.schema());
  return {.name = used.relation, .snapshot = std::move(snapshot), .columns = std::move(columns)};
}

std::string lake_value(const std::string& value, const TableField& field) {
  return kept_value(value, field, 1);
}

std::string lake_answer(const std::string& sql, const TableSchema& schema) {
  std::vector<std::string> names, items;
  for (std::size_t i = 0; i < schema.fields.size(); ++i) {
    names.push_back(engine_name(fmt::format("c{}", i + 1)));
    items.push_back(fmt::format("{} AS {}", lake_value("\"answer\"." + names[i], schema.fields[i]),
                                engine_name(schema.fields[i].name)));
  }
  return fmt::format("SELECT {} FROM ({}) AS \"answer\"({})", joined(items), sql, joined(names));
}

}  // namespace bl::bigquery
