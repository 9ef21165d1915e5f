#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "duck/connection.h"
#include "lake/delta/deletions.h"
#include "lake/delta/protocol.h"
#include "lake/delta/schema.h"
#include "lake/delta_rows.h"

// One SELECT over all files of a version. The engine fills what a file lacks and casts what a file
// has in a narrower type; partitions and deleted rows come as lists beside the files.
namespace bl::lake {
namespace {

using columns::Kind;
using delta::Column;
using duck::quoted_name;

constexpr std::string_view k_file = "bl delta file";   // no column of a table: it has blanks
constexpr std::string_view k_row = "file_row_number";  // the engine's own, of every file
constexpr std::string_view k_scan = "bl delta data";

/// The type as the files have it: names of fields are those in the files.
std::string sql_type(const Column& column) {
  switch (column.type.kind) {
    case Kind::text:
      return "VARCHAR";
    case Kind::int64:
      return "BIGINT";
    case Kind::int32:
      return "INTEGER";
    case Kind::int16:
      return "SMALLINT";
    case Kind::int8:
      return "TINYINT";
    case Kind::float32:
      return "FLOAT";
    case Kind::float64:
      return "DOUBLE";
    case Kind::boolean:
      return "BOOLEAN";
    case Kind::binary:
      return "BLOB";
    case Kind::date:
      return "DATE";
    case Kind::timestamp:
      return "TIMESTAMP WITH TIME ZONE";
    case Kind::naive_timestamp:
      return "TIMESTAMP";
    case Kind::decimal:
      return fmt::format("DECIMAL({},{})", column.type.precision, column.type.scale);
    case Kind::list:
      return sql_type(column.children[0]) + "[]";
    case Kind::map:
      return fmt::format("MAP({}, {})", sql_type(column.children[0]), sql_type(column.children[1]));
    default:
      break;
  }
  std::string fields;
  for (const auto& child : column.children) {
    fields += fmt::format("{}{} {}", fields.empty() ? "" : ", ", quoted_name(child.physical),
                          sql_type(child));
  }
  return fmt::format("STRUCT({})", fields);
}

bool nested_names_differ(const Column& column) {
  return std::any_of(column.children.begin(), column.children.end(), [](const Column& child) {
    return child.name != child.physical || nested_names_differ(child);
  });
}

/// A value with the table's names in place of the files'.
std::string renamed(const Column& column, const std::string& value, int depth) {
  if (!nested_names_differ(column)) return value;
  const std::string variable = fmt::format("x{}", depth);
  if (column.type.kind == Kind::list) {
    return fmt::format("list_transform({}, lambda {}: {})", value, variable,
                       renamed(column.children[0], variable, depth + 1));
  }
  if (column.type.kind == Kind::map) {
    return fmt::format(
        "map_from_entries(list_transform(map_entries({}), lambda {}: {{'key': {}, 'value': {}}}))",
        value, variable, renamed(column.children[0], variable + ".\"key\"", depth + 1),
        renamed(column.children[1], variable + ".\"value\"", depth + 1));
  }
  std::string fields;
  for (const auto& child : column.children) {
    fields += fmt::format(
        "{}{} := {}", fields.empty() ? "" : ", ", quoted_name(child.name),
        renamed(child, fmt::format("({}).{}", value, quoted_name(child.physical)), depth + 1));
  }
  return fmt::format("CASE WHEN ({}) IS NULL THEN NULL ELSE struct_pack({}) END", value, fields);
}

/// A text of the log in a partition column's type. An empty text is null.
std::string partition_value(const Column& column, std::size_t index) {
  const std::string text = fmt::format("nullif(p.v{}, '')", index);
  if (column.type.kind == Kind::text) return text;
  if (column.type.kind == Kind::binary) return fmt::format("encode({})", text);
  return fmt::format("CAST({} AS {})", text, sql_type(column));
}

class RowsBuilder {
 public:
  RowsBuilder(const DeltaSnapshot& snapshot, const DeltaPlace& place)
      : snapshot_(snapshot), place_(place), partitions_(snapshot.metadata->partition_columns) {}

  Result<DeltaRows> build() {
    BL_TRY(columns_, delta::parse_schema(snapshot_.metadata->schema_text));
    mapping_ = delta::column_mapping(snapshot_.protocol, *snapshot_.metadata);
    if (mapping_ == delta::ColumnMapping::none) use_own_names(columns_);
    if (columns_.empty()) {
      return Error{Code::unsupported, "not supported: rows of a table without columns"};
    }
    if (snapshot_.files.empty()) return no_rows();
    BL_RETURN_IF_ERROR(collect_deletions());
    if (has_deletions() && snapshot_.metadata->schema.find(k_row)) {
      return Error{Code::unsupported,
                   fmt::format("not supported: deletion vectors beside a column named {}", k_row)};
    }
    add_paths();
    BL_TRY(const std::string scan, this->scan());
    out_.sql =
        fmt::format("SELECT {} FROM {} AS {}{}", projection(), scan, quoted_name(k_scan), beside());
    return std::move(out_);
  }

 private:
  static void use_own_names(std::vector<Column>& columns) {
    for (auto& column : columns) {
      column.physical = column.name;
      use_own_names(column.children);
    }
  }

  std::optional<std::size_t> partition_index(const Column& column) const {
    const auto at = std::find(partitions_.begin(), partitions_.end(), column.name);
    if (at == partitions_.end()) return std::nullopt;
    return static_cast<std::size_t>(at - partitions_.begin());
  }

  Result<DeltaRows> no_rows() {
    std::string list;
    for (auto column : columns_) {
      std::vector<Column> one{column};
      use_own_names(one);
      list += fmt::format("{}NULL::{} AS {}", list.empty() ? "" : ", ", sql_type(one[0]),
                          quoted_name(column.name));
    }
    return DeltaRows{fmt::format("SELECT {} WHERE false", list), {}};
  }

  Result<void> collect_deletions() {
    std::set<std::string> paths;
    for (std::size_t i = 0; i < snapshot_.files.size(); ++i) {
      const DeltaFile& file = *snapshot_.files[i];
      if (!paths.insert(file.path).second) {
        return Error{Code::corrupt, "a file is there twice, with other deletions: " + file.path};
      }
      if (!file.deletions) continue;
      BL_TRY(const std::string path, delta::deletions_path(*file.deletions, ""));
      std::string bytes;
      if (!path.empty()) {
        BL_TRY(bytes, place_.read(path));
      }
      BL_TRY(const auto rows, delta::deleted_rows(*file.deletions, bytes));
      deleted_files_.insert(deleted_files_.end(), rows.size(), static_cast<std::int64_t>(i));
      deleted_rows_.insert(deleted_rows_.end(), rows.begin(), rows.end());
    }
    return {};
  }

  bool has_deletions() const { return !deleted_rows_.empty(); }
  bool needs_files() const { return has_deletions() || !partitions_.empty(); }

  void add_paths() {
    std::vector<std::string> patterns, addresses;
    for (const auto& file : snapshot_.files) {
      addresses.push_back(place_.address(file->path));
      patterns.push_back(without_patterns(addresses.back()));
    }
    out_.values.emplace_back(std::move(patterns));
    if (!needs_files()) return;
    out_.values.emplace_back(std::move(addresses));
    for (const auto& name : partitions_) {
      std::vector<std::string> texts;
      for (const auto& file : snapshot_.files) texts.push_back(partition_text(*file, name));
      out_.values.emplace_back(std::move(texts));
    }
    if (!has_deletions()) return;
    out_.values.emplace_back(std::move(deleted_files_));
    out_.values.emplace_back(deleted_rows_);
  }

  /// The engine takes patterns where we mean names.
  static std::string without_patterns(const std::string& path) {
    std::string out;
    for (const char c : path) {
      const bool special = c == '*' || c == '?' || c == '[';
      if (special) out += '[';
      out += c;
      if (special) out += ']';
    }
    return out;
  }

  std::string partition_text(const DeltaFile& file, const std::string& name) const {
    const auto column = std::find_if(columns_.begin(), columns_.end(),
                                     [&](const Column& one) { return one.name == name; });
    const std::string& key = column == columns_.end() ? name : column->physical;
    const auto found = file.partition.find(key);
    return found == file.partition.end() ? std::string() : found->second.value_or("");
  }

  Result<std::string> scan() {
    std::string members;
    for (const auto& column : columns_) {
      if (partition_index(column)) continue;
      BL_TRY(const std::string name, duck::quoted_text(column.physical));
      BL_TRY(const std::string type, duck::quoted_text(sql_type(column)));
      std::string key = name;
      if (mapping_ == delta::ColumnMapping::by_id) {
        if (!column.id) return Error{Code::corrupt, "a mapped column has no id: " + column.name};
        key = std::to_string(*column.id);
      }
      members += fmt::format("{}{}: {{name: {}, type: {}, default_value: NULL}}",
                             members.empty() ? "" : ", ", key, name, type);
    }
    std::string options;
    if (!members.empty()) options += fmt::format(", schema = MAP {{{}}}", members);
    if (needs_files()) options += fmt::format(", filename = '{}'", k_file);
    return fmt::format("read_parquet($1, hive_partitioning = false{})", options);
  }

  std::string projection() const {
    std::string list;
    for (const auto& column : columns_) {
      const auto index = partition_index(column);
      const std::string value =
          index
              ? partition_value(column, *index)
              : renamed(column,
                        fmt::format("{}.{}", quoted_name(k_scan), quoted_name(column.physical)), 0);
      list += fmt::format("{}{} AS {}", list.empty() ? "" : ", ", value, quoted_name(column.name));
    }
    return list;
  }

  /// The lists beside the files: what the log says of each, and its deleted rows.
  std::string beside() const {
    if (!needs_files()) return {};
    std::string lists = "unnest($2) AS file, unnest(range(len($2))) AS number";
    for (std::size_t i = 0; i < partitions_.size(); ++i) {
      lists += fmt::format(", unnest(${}) AS v{}", i + 3, i);
    }
    std::string sql = fmt::format(" JOIN (SELECT {}) AS p ON p.file = {}.{}", lists,
                                  quoted_name(k_scan), quoted_name(k_file));
    if (!has_deletions()) return sql;
    const std::size_t first = partitions_.size() + 3;
    return sql + fmt::format(
                     " ANTI JOIN (SELECT unnest(${}) AS number, unnest(${}) AS row) AS gone "
                     "ON gone.number = p.number AND gone.row = {}.{}",
                     first, first + 1, quoted_name(k_scan), k_row);
  }

  const DeltaSnapshot& snapshot_;
  const DeltaPlace& place_;
  const std::vector<std::string>& partitions_;
  std::vector<Column> columns_;
  delta::ColumnMapping mapping_ = delta::ColumnMapping::none;
  std::vector<std::int64_t> deleted_files_, deleted_rows_;
  DeltaRows out_;
};

}  // namespace

DeltaPlace delta_place(objects::ObjectStore& store, const std::string& prefix) {
  return {[&store, prefix](const std::string& path) { return store.address(prefix + path); },
          [&store, prefix](const std::string& path) { return store.get(prefix + path); }};
}

Result<DeltaRows> delta_rows(const DeltaSnapshot& snapshot, const DeltaPlace& place) {
  return RowsBuilder(snapshot, place).build();
}

}  // namespace bl::lake
