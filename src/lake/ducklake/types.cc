#include "lake/ducklake/types.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <map>
#include <set>

#include "duck/connection.h"

namespace bl::lake {
namespace {

using columns::Field;
using columns::Kind;
using columns::Type;

struct Word {
  Kind kind;
  std::string_view sql;
  std::string_view catalog;
};

constexpr std::array k_words{
    Word{Kind::boolean, "BOOLEAN", "boolean"},
    Word{Kind::int8, "TINYINT", "int8"},
    Word{Kind::int16, "SMALLINT", "int16"},
    Word{Kind::int32, "INTEGER", "int32"},
    Word{Kind::int64, "BIGINT", "int64"},
    Word{Kind::float32, "FLOAT", "float32"},
    Word{Kind::float64, "DOUBLE", "float64"},
    Word{Kind::text, "VARCHAR", "varchar"},
    Word{Kind::binary, "BLOB", "blob"},
    Word{Kind::date, "DATE", "date"},
    Word{Kind::time, "TIME", "time"},
    Word{Kind::timestamp, "TIMESTAMPTZ", "timestamptz"},
    Word{Kind::naive_timestamp, "TIMESTAMP", "timestamp"},
};

Error no_lake_type(std::string_view name, const Type& type) {
  return Error{Code::invalid,
               fmt::format("a type that no lake table has, of column {}: {}", name, type.text())};
}

Result<std::string> sql_child(const Field& field, const Field& child, bool must_be_nullable) {
  if (must_be_nullable && !child.nullable) {
    return Error{Code::invalid, fmt::format("what is nested is nullable in a lake table: {}.{}",
                                            field.name, child.name)};
  }
  auto type = sql_type(child);
  if (!type.ok()) return std::move(type).error().with_context(field.name);
  return type;
}

using Children = std::map<std::int64_t, std::vector<const CatalogColumn*>>;

Result<int> digits(std::string_view& text, char end) {
  int number = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const auto used = static_cast<std::size_t>(stop - text.data());
  if (error != std::errc() || used >= text.size() || text[used] != end) {
    return Error{Code::corrupt, "no number"};
  }
  text.remove_prefix(used + 1);
  return number;
}

Result<Type> decimal_of(const CatalogColumn& column) {
  std::string_view text = column.type;
  text.remove_prefix(std::string_view("decimal(").size());
  const auto precision = digits(text, ',');
  const auto scale = precision.ok() ? digits(text, ')') : precision;
  if (!scale.ok() || !text.empty()) {
    return Error{Code::corrupt,
                 fmt::format("the catalog has a type that is none: {}", column.type)};
  }
  return Type::decimal(*precision, *scale);
}

Result<Field> field_of(const CatalogColumn& column, const Children& children, int depth);

Result<std::vector<Field>> fields_of(const CatalogColumn& column, const Children& children,
                                     std::size_t count, int depth) {
  std::vector<Field> fields;
  const auto found = children.find(column.id);
  if (found != children.end()) {
    for (const CatalogColumn* child : found->second) {
      BL_TRY(Field field, field_of(*child, children, depth + 1));
      fields.push_back(std::move(field));
    }
  }
  if (count > 0 && fields.size() != count) {
    return Error{Code::corrupt, fmt::format("the catalog has {} columns within column {}, a {}",
                                            fields.size(), column.name, column.type)};
  }
  return fields;
}

Result<Type> type_of(const CatalogColumn& column, const Children& children, int depth) {
  for (const Word& word : k_words) {
    if (word.catalog == column.type) return Type(word.kind);
  }
  if (column.type.starts_with("decimal(")) return decimal_of(column);
  if (column.type == "struct") {
    BL_TRY(auto fields, fields_of(column, children, 0, depth));
    return Type::structure(std::move(fields));
  }
  if (column.type == "list") {
    BL_TRY(auto fields, fields_of(column, children, 1, depth));
    return Type::list(std::move(fields[0].type));
  }
  if (column.type == "map") {
    BL_TRY(auto fields, fields_of(column, children, 2, depth));
    return Type::map(std::move(fields[0].type), std::move(fields[1].type));
  }
  return Error{Code::unsupported,
               fmt::format("not supported: column {} of the type {}", column.name, column.type)};
}

Result<Field> field_of(const CatalogColumn& column, const Children& children, int depth) {
  if (depth > columns::SchemaLimits{}.depth_max) {
    return Error{Code::corrupt, "the catalog nests columns without end: " + column.name};
  }
  BL_TRY(Type type, type_of(column, children, depth));
  return Field{column.name, std::move(type), column.nullable};
}

}  // namespace

Result<std::string> sql_type(const Field& field) {
  const Type& type = field.type;
  for (const Word& word : k_words) {
    if (word.kind == type.kind) return std::string(word.sql);
  }
  if (type.kind == Kind::decimal) return fmt::format("DECIMAL({}, {})", type.precision, type.scale);
  if (type.kind == Kind::list) {
    BL_TRY(const std::string element, sql_child(field, type.children[0], true));
    return element + "[]";
  }
  if (type.kind == Kind::map) {
    BL_TRY(const std::string key, sql_child(field, type.children[0], false));
    BL_TRY(const std::string value, sql_child(field, type.children[1], true));
    return fmt::format("MAP({}, {})", key, value);
  }
  if (type.kind == Kind::structure) {
    std::string fields;
    for (const Field& child : type.children) {
      BL_TRY(const std::string sql, sql_child(field, child, true));
      fields +=
          fmt::format("{}{} {}", fields.empty() ? "" : ", ", duck::quoted_name(child.name), sql);
    }
    return fmt::format("STRUCT({})", fields);
  }
  return no_lake_type(field.name, type);
}

Result<std::string> sql_columns(const columns::Schema& schema) {
  if (schema.columns() == 0) return Error{Code::invalid, "a table without columns"};
  std::string out;
  for (const Field& field : schema.fields()) {
    BL_TRY(const std::string type, sql_type(field));
    out += fmt::format("{}{} {}{}", out.empty() ? "" : ", ", duck::quoted_name(field.name), type,
                       field.nullable ? "" : " NOT NULL");
  }
  return out;
}

Result<columns::Schema> schema_of(const std::vector<CatalogColumn>& columns) {
  Children children;
  std::set<std::int64_t> ids;
  for (const CatalogColumn& column : columns) ids.insert(column.id);
  for (const CatalogColumn& column : columns) {
    if (!column.parent) continue;
    if (!ids.contains(*column.parent)) {
      return Error{Code::corrupt, "the catalog has a column in one that is gone: " + column.name};
    }
    children[*column.parent].push_back(&column);
  }
  std::vector<Field> fields;
  for (const CatalogColumn& column : columns) {
    if (column.parent) continue;
    BL_TRY(Field field, field_of(column, children, 0));
    fields.push_back(std::move(field));
  }
  auto schema = columns::Schema::make(std::move(fields));
  if (!schema.ok()) return Error{Code::corrupt, schema.error().message};
  return schema;
}

}  // namespace bl::lake
