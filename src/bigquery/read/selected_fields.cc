#include "bigquery/read/selected_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <vector>

#include "bigquery/model/names.h"
#include "bigquery/sql/types.h"

namespace bl::bigquery::read {
namespace {

/// What is wanted of a field.
struct Wanted {
  bool all = false;
  std::map<std::string, Wanted, std::less<>> members;  ///< by name in small letters
};

const TableField* find(std::span<const TableField> fields, std::string_view name) {
  const auto at = std::ranges::find_if(
      fields, [&](const TableField& field) { return same_name(field.name, name); });
  return at == fields.end() ? nullptr : &*at;
}

/// False: there is no such field.
bool add(Wanted& wanted, std::span<const TableField> fields, std::string_view path) {
  const std::size_t dot = path.find('.');
  const TableField* const field = find(fields, path.substr(0, dot));
  if (field == nullptr) return false;
  Wanted& member = wanted.members[lower(field->name)];
  if (dot != std::string_view::npos) return add(member, field->fields, path.substr(dot + 1));
  member.all = true;
  return true;
}

std::vector<TableField> pruned(const Wanted& wanted, std::span<const TableField> fields) {
  std::vector<TableField> out;
  for (const TableField& field : fields) {
    const auto found = wanted.members.find(lower(field.name));
    if (found == wanted.members.end()) continue;
    TableField& kept = out.emplace_back(field);
    if (!found->second.all) kept.fields = pruned(found->second, field.fields);
  }
  return out;
}

}  // namespace

Result<TableSchema> selected_schema(const TableSchema& schema, std::span<const std::string> names) {
  if (names.empty()) return schema;
  Wanted wanted;
  std::vector<std::string> unknown;
  for (const std::string& name : names) {
    if (!add(wanted, schema.fields, name)) unknown.push_back(name);
  }
  if (!unknown.empty()) {
    return Error{Code::invalid,
                 fmt::format("The following selected fields do not exist in the table schema: {}",
                             fmt::join(unknown, ", "))};
  }
  return TableSchema{pruned(wanted, schema.fields)};
}

std::string selected_value(const std::string& value, const TableField& whole,
                           const TableField& part, int depth) {
  if (whole == part) return value;
  if (whole.mode == FieldMode::repeated) {
    TableField element = whole, element_part = part;
    element.mode = element_part.mode = FieldMode::nullable;
    const std::string name = fmt::format("e{}", depth);
    return fmt::format("list_transform({}, lambda {}: {})", value, name,
                       selected_value(name, element, element_part, depth + 1));
  }
  std::vector<std::string> members;
  for (const TableField& member : part.fields) {
    const std::string from =
        fmt::format("struct_extract({}, {})", value, sql::quoted_literal(member.name));
    members.push_back(
        fmt::format("{} := {}", sql::engine_name(member.name),
                    selected_value(from, *find(whole.fields, member.name), member, depth)));
  }
  return fmt::format("CASE WHEN {} IS NULL THEN NULL ELSE struct_pack({}) END", value,
                     fmt::join(members, ", "));
}

}  // namespace bl::bigquery::read
