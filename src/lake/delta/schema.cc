#include "lake/delta/schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <set>

#include "base/utf8.h"
#include "lake/delta_model.h"

namespace bl::lake::delta {
namespace {

using columns::Kind;
using columns::Type;

constexpr std::array<std::pair<std::string_view, Kind>, 12> k_names{{
    {"string", Kind::text},
    {"long", Kind::int64},
    {"integer", Kind::int32},
    {"short", Kind::int16},
    {"byte", Kind::int8},
    {"float", Kind::float32},
    {"double", Kind::float64},
    {"boolean", Kind::boolean},
    {"binary", Kind::binary},
    {"date", Kind::date},
    {"timestamp", Kind::timestamp},
    {"timestamp_ntz", Kind::naive_timestamp},
}};

constexpr std::size_t k_schema_bytes_max = 16u << 20;
constexpr std::string_view k_physical = "delta.columnMapping.physicalName";
constexpr std::string_view k_id = "delta.columnMapping.id";

Error broken(std::string_view what, std::string_view value) {
  return {Code::corrupt,
          fmt::format("the table's schema {}: {}", what, prefix_of_bytes(value, 100))};
}

/// ASCII only, as names that differ in nothing else are rare beyond it.
std::string folded(std::string_view name) {
  std::string out(name);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

Result<Type> decimal_of(std::string_view name) {
  int precision = 0, scale = 0;
  const char* end = name.data() + name.size();
  auto read = std::from_chars(name.data() + 8, end, precision);
  if (read.ec != std::errc() || read.ptr == end || *read.ptr != ',') {
    return broken("has no such type", name);
  }
  read = std::from_chars(read.ptr + 1, end, scale);
  if (read.ec != std::errc() || std::string_view(read.ptr, end) != ")") {
    return broken("has no such type", name);
  }
  return Type::decimal(precision, scale);
}

Result<Type> primitive_of(const std::string& name) {
  for (const auto& [text, kind] : k_names) {
    if (text == name) return Type(kind);
  }
  if (name == "decimal") return Type::decimal(10, 0);
  if (name.starts_with("decimal(")) return decimal_of(name);
  return Error{Code::unsupported,
               fmt::format("a column's type is not supported: {}", prefix_of_bytes(name, 100))};
}

Result<std::vector<Column>> fields_of(const json::Value& value);

Result<bool> flag_of(const json::Value& value, std::string_view key) {
  const json::Value* flag = value.find(key);
  if (flag == nullptr) return true;
  if (!flag->is_bool()) return broken("needs true or false at", key);
  return flag->as_bool();
}

Result<void> set_type(Column& column, const json::Value& type);

Result<Column> part_of(const json::Value& type, std::string_view key, std::string name,
                       bool nullable) {
  const json::Value* part = type.find(key);
  if (part == nullptr) return broken("lacks", key);
  Column column;
  column.name = column.physical = std::move(name);
  column.nullable = nullable;
  BL_RETURN_IF_ERROR(set_type(column, *part));
  return column;
}

Result<void> set_nested(Column& column, const json::Value& type, const std::string& kind) {
  if (kind == "struct") {
    column.type = Kind::structure;
    BL_TRY(column.children, fields_of(type));
    if (column.children.empty()) {
      return Error{Code::unsupported,
                   fmt::format("a struct without fields is not supported: {}", column.name)};
    }
    return {};
  }
  if (kind == "array") {
    column.type = Kind::list;
    BL_TRY(const bool nulls, flag_of(type, "containsNull"));
    BL_TRY(auto element, part_of(type, "elementType", "element", nulls));
    column.children.push_back(std::move(element));
    return {};
  }
  if (kind == "map") {
    column.type = Kind::map;
    BL_TRY(const bool nulls, flag_of(type, "valueContainsNull"));
    BL_TRY(auto key, part_of(type, "keyType", "key", false));
    BL_TRY(auto value, part_of(type, "valueType", "value", nulls));
    column.children.push_back(std::move(key));
    column.children.push_back(std::move(value));
    return {};
  }
  return Error{Code::unsupported,
               fmt::format("a column's type is not supported: {}", prefix_of_bytes(kind, 100))};
}

Result<void> set_type(Column& column, const json::Value& type) {
  if (type.is_string()) {
    BL_TRY(column.type, primitive_of(type.as_string()));
    return {};
  }
  const json::Value* kind = type.find("type");
  if (kind == nullptr || !kind->is_string()) return broken("lacks a type at", column.name);
  return set_nested(column, type, kind->as_string());
}

Result<Column> field_of(const json::Value& value) {
  const json::Value* name = value.find("name");
  if (name == nullptr || !name->is_string()) return broken("lacks a name in", "fields");
  Column column;
  column.name = column.physical = name->as_string();
  BL_TRY(column.nullable, flag_of(value, "nullable"));
  const json::Value* type = value.find("type");
  if (type == nullptr) return broken("lacks a type at", column.name);
  BL_RETURN_IF_ERROR(set_type(column, *type));
  if (const json::Value* metadata = value.find("metadata")) {
    if (metadata->is_object()) column.metadata = metadata->members();
    if (const auto* physical = metadata->find(k_physical); physical && physical->is_string()) {
      column.physical = physical->as_string();
    }
    if (const auto* id = metadata->find(k_id); id && id->is_integer()) column.id = id->as_int64();
  }
  return column;
}

Result<std::vector<Column>> fields_of(const json::Value& value) {
  const json::Value* fields = value.find("fields");
  if (fields == nullptr || !fields->is_array()) return broken("lacks", "fields");
  std::vector<Column> out;
  std::set<std::string> names;
  for (const auto& field : fields->items()) {
    BL_TRY(auto column, field_of(field));
    if (!names.insert(folded(column.name)).second) {
      return broken("has a name twice", column.name);
    }
    out.push_back(std::move(column));
  }
  return out;
}

std::string name_of_type(const Column& column) {
  if (column.type.kind == Kind::decimal) {
    return fmt::format("decimal({},{})", column.type.precision, column.type.scale);
  }
  for (const auto& [text, kind] : k_names) {
    if (kind == column.type.kind) return std::string(text);
  }
  BL_CHECK(false);
}

void write_fields(json::Writer& writer, const std::vector<Column>& columns);

void write_type(json::Writer& writer, const Column& column) {
  switch (column.type.kind) {
    case Kind::structure:
      return write_fields(writer, column.children);
    case Kind::list:
      writer.begin_object().member("type", "array").key("elementType");
      write_type(writer, column.children[0]);
      writer.member("containsNull", column.children[0].nullable).end_object();
      return;
    case Kind::map:
      writer.begin_object().member("type", "map").key("keyType");
      write_type(writer, column.children[0]);
      writer.key("valueType");
      write_type(writer, column.children[1]);
      writer.member("valueContainsNull", column.children[1].nullable).end_object();
      return;
    default:
      writer.value(name_of_type(column));
  }
}

void write_fields(json::Writer& writer, const std::vector<Column>& columns) {
  writer.begin_object().member("type", "struct").key("fields").begin_array();
  for (const auto& column : columns) {
    writer.begin_object().member("name", column.name).key("type");
    write_type(writer, column);
    writer.member("nullable", column.nullable).key("metadata").begin_object();
    for (const auto& [key, value] : column.metadata) writer.member(key, value);
    writer.end_object().end_object();
  }
  writer.end_array().end_object();
}

columns::Field to_field(const Column& column) {
  columns::Field field{column.name, column.type, column.nullable};
  for (const auto& child : column.children) field.type.children.push_back(to_field(child));
  return field;
}

Result<Column> from_field(const columns::Field& field) {
  Column column;
  column.name = column.physical = field.name;
  column.nullable = field.nullable;
  column.type = field.type;
  column.type.children.clear();
  const bool nested = !field.type.children.empty();
  const bool ours = nested || field.type.kind == Kind::decimal ||
                    std::any_of(k_names.begin(), k_names.end(),
                                [&](const auto& name) { return name.second == field.type.kind; });
  if (!ours) {
    return Error{Code::unsupported, fmt::format("Delta has no such type, of column {}: {}",
                                                field.name, field.type.text())};
  }
  std::set<std::string> names;
  for (const auto& child : field.type.children) {
    BL_TRY(auto one, from_field(child));
    if (field.type.kind == Kind::structure && !names.insert(folded(one.name)).second) {
      return Error{Code::invalid, "two names differ in case only: " + one.name};
    }
    column.children.push_back(std::move(one));
  }
  if (field.name.find_first_of(" ,;{}()\n\t=") != std::string::npos) {
    return Error{Code::invalid,
                 "a column's name has a character that Delta does not take: '" + field.name + "'"};
  }
  return column;
}

Error no_such_change(std::string_view why, const std::string& name) {
  return {Code::invalid, fmt::format("{}: {}", why, name)};
}

/// A map's key is never null.
void make_nullable(Column& column) {
  column.nullable = true;
  for (auto& child : column.children) make_nullable(child);
  if (column.type.kind == Kind::map) column.children[0].nullable = false;
}

Result<void> check_same(const Column& table, const Column& wanted) {
  if (table.type.kind != wanted.type.kind || table.type.precision != wanted.type.precision ||
      table.type.scale != wanted.type.scale) {
    return no_such_change("a column keeps its type", table.name);
  }
  if (table.nullable != wanted.nullable) {
    return no_such_change("whether a column may be null does not change", table.name);
  }
  return {};
}

}  // namespace

Result<std::vector<Column>> parse_schema(std::string_view text) {
  auto parsed =
      json::parse(text, {.bytes_max = k_schema_bytes_max, .string_bytes_max = k_schema_bytes_max});
  if (!parsed.ok()) return broken("is not JSON", parsed.error().message);
  const json::Value* type = parsed->find("type");
  if (type == nullptr || !type->is_string() || type->as_string() != "struct") {
    return broken("is not a struct", text);
  }
  return fields_of(*parsed);
}

std::string schema_text(const std::vector<Column>& columns) {
  std::string out;
  json::Writer writer(out);
  write_fields(writer, columns);
  return out;
}

Result<columns::Schema> to_schema(const std::vector<Column>& columns) {
  std::vector<columns::Field> fields;
  for (const auto& column : columns) fields.push_back(to_field(column));
  auto schema = columns::Schema::make(std::move(fields));
  if (!schema.ok()) return broken("breaks a rule", schema.error().message);
  return schema;
}

Result<std::vector<Column>> from_schema(const columns::Schema& schema) {
  std::vector<Column> out;
  std::set<std::string> names;
  for (const auto& field : schema.fields()) {
    BL_TRY(auto column, from_field(field));
    if (!names.insert(folded(column.name)).second) {
      return Error{Code::invalid, "two names differ in case only: " + column.name};
    }
    out.push_back(std::move(column));
  }
  return out;
}

Result<std::vector<Column>> extended(const std::vector<Column>& table,
                                     const std::vector<Column>& wanted) {
  std::vector<Column> out;
  for (const auto& old : table) {
    const auto same = std::find_if(wanted.begin(), wanted.end(),
                                   [&](const Column& c) { return c.name == old.name; });
    if (same == wanted.end()) return no_such_change("a column is never dropped", old.name);
    BL_RETURN_IF_ERROR(check_same(old, *same));
    Column column = old;
    if (!old.children.empty()) {
      BL_TRY(column.children, extended(old.children, same->children));
    }
    out.push_back(std::move(column));
  }
  for (const auto& column : wanted) {
    const auto old = std::find_if(table.begin(), table.end(), [&](const Column& c) {
      return folded(c.name) == folded(column.name);
    });
    if (old == table.end()) {
      if (!column.nullable) return no_such_change("a new column may be null", column.name);
      Column added = column;
      make_nullable(added);
      out.push_back(std::move(added));
    } else if (old->name != column.name) {
      return no_such_change("two names differ in case only", column.name);
    }
  }
  return out;
}

namespace {
void collect(const std::vector<Column>& columns, std::vector<std::string>& path,
             std::vector<Leaf>& out) {
  for (const auto& column : columns) {
    path.push_back(column.physical);
    if (column.type.kind == Kind::structure) {
      collect(column.children, path, out);
    } else {
      out.push_back({path, column.type});
    }
    path.pop_back();
  }
}
}  // namespace

std::vector<Leaf> leaves(const std::vector<Column>& columns) {
  std::vector<Leaf> out;
  std::vector<std::string> path;
  collect(columns, path, out);
  return out;
}

bool has_metadata(const std::vector<Column>& columns, std::string_view key) {
  return std::any_of(columns.begin(), columns.end(), [&](const Column& column) {
    const bool here = std::any_of(column.metadata.begin(), column.metadata.end(),
                                  [&](const auto& member) { return member.first == key; });
    return here || has_metadata(column.children, key);
  });
}

}  // namespace bl::lake::delta

namespace bl::lake {

Result<columns::Schema> delta_schema(std::string_view schema_text) {
  BL_TRY(const auto columns, delta::parse_schema(schema_text));
  return delta::to_schema(columns);
}

Result<std::string> delta_schema_text(const columns::Schema& schema) {
  BL_TRY(const auto columns, delta::from_schema(schema));
  return delta::schema_text(columns);
}

}  // namespace bl::lake
