#include "bigquery/catalog/schema_change.h"

#include <fmt/format.h>

#include "bigquery/catalog/names.h"

namespace bl::bigquery {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool is_same_name(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, lower, lower);
}

std::string_view name_of(FieldMode mode) {
  switch (mode) {
    case FieldMode::required:
      return "REQUIRED";
    case FieldMode::repeated:
      return "REPEATED";
    default:
      return "NULLABLE";
  }
}

struct SchemaChange {
  const TableName& name;

  Error mismatch(const std::string& why) const {
    return {Code::invalid,
            fmt::format("Provided Schema does not match Table {}. {}", text_of(name), why)};
  }

  template <class T>
  static bool is_narrower(const std::optional<T>& from, const std::optional<T>& to) {
    return to && (!from || *to < *from);
  }

  Result<void> field(const TableField& from, TableField& to, const std::string& path) const {
    to.name = from.name;
    if (to.type != from.type || (from.type == FieldType::range && to.range_of != from.range_of)) {
      return mismatch(fmt::format("Field {} has changed type from {} to {}", path,
                                  legacy_name_of(from.type), legacy_name_of(to.type)));
    }
    const bool is_relaxed = from.mode == FieldMode::required && to.mode == FieldMode::nullable;
    if (to.mode != from.mode && !is_relaxed) {
      return mismatch(fmt::format("Field {} has changed mode from {} to {}", path,
                                  name_of(from.mode), name_of(to.mode)));
    }
    if (is_narrower(from.max_length, to.max_length) || is_narrower(from.scale, to.scale) ||
        (to.precision && (!from.precision || *to.precision - to.scale.value_or(0) <
                                                 *from.precision - from.scale.value_or(0)))) {
      return mismatch(fmt::format("Field {} would take fewer values than before", path));
    }
    return fields(from.fields, to.fields, path + ".");
  }

  Result<void> fields(const std::vector<TableField>& from, std::vector<TableField>& to,
                      const std::string& path) const {
    for (std::size_t i = 0; i < from.size(); ++i) {
      if (i >= to.size() || !is_same_name(from[i].name, to[i].name)) {
        return mismatch(fmt::format("Field {}{} is missing in new schema", path, from[i].name));
      }
      BL_RETURN_IF_ERROR(field(from[i], to[i], path + from[i].name));
    }
    if (!path.empty() && to.size() > from.size()) {
      return Error{Code::unsupported,
                   fmt::format("not supported: a new column within the record {}: {}",
                               path.substr(0, path.size() - 1), to[from.size()].name)};
    }
    for (std::size_t i = from.size(); i < to.size(); ++i) {
      if (to[i].mode == FieldMode::required) {
        return mismatch(fmt::format("Cannot add required fields to an existing schema. (field: {})",
                                    to[i].name));
      }
    }
    return {};
  }
};

}  // namespace

Result<TableSchema> changed_schema(const TableName& name, const TableSchema& from, TableSchema to) {
  BL_RETURN_IF_ERROR(SchemaChange{name}.fields(from.fields, to.fields, ""));
  return to;
}

}  // namespace bl::bigquery
