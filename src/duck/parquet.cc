#include "duck/parquet.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/file_copy.h"

namespace bl::duck {
namespace {

using columns::Batch;
using columns::Column;

/// `"a"."b""c"` -> a, b"c: as the engine names a leaf column.
std::vector<std::string> unquoted_path(std::string_view quoted) {
  if (!quoted.starts_with('"')) return {std::string(quoted)};
  std::vector<std::string> path;
  for (std::size_t i = 0; i < quoted.size(); ++i) {
    if (quoted[i] != '"') continue;  // the dot between two names
    std::string name;
    for (++i; i < quoted.size(); ++i) {
      if (quoted[i] == '"' && (i + 1 == quoted.size() || quoted[i + 1] != '"')) break;
      if (quoted[i] == '"') ++i;
      name += quoted[i];
    }
    path.push_back(std::move(name));
  }
  return path;
}

template <class T>
T number_of(std::string_view text) {
  T number{};
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

/// One column of the map of maps that COPY ... RETURN_STATS gives.
ColumnStatistics statistics_of(std::string_view name, const columns::View<std::string_view>& keys,
                               const columns::View<std::string_view>& texts, std::int64_t from,
                               std::int64_t count) {
  ColumnStatistics out;
  out.path = unquoted_path(name);
  std::int64_t all = 0;
  for (std::int64_t i = from; i < from + count; ++i) {
    if (texts.is_null(i)) continue;
    const std::string_view text = texts[i];
    if (keys[i] == "column_size_bytes") out.bytes = number_of<std::uint64_t>(text);
    if (keys[i] == "num_values") all = number_of<std::int64_t>(text);
    if (keys[i] == "null_count") out.nulls = number_of<std::int64_t>(text);
    if (keys[i] == "min") out.min = std::string(text);
    if (keys[i] == "max") out.max = std::string(text);
    if (keys[i] == "has_nan") out.has_nan = text == "true" || text == "1";
  }
  out.values = all - out.nulls;
  return out;
}

Result<std::vector<ColumnStatistics>> all_statistics(const Column& maps) {
  const Column names = maps.child(0);
  const Column inner = maps.child(1);
  BL_TRY(const auto name, names.as<std::string_view>());
  const Column keys = inner.child(0);
  const Column texts = inner.child(1);
  BL_TRY(const auto key, keys.as<std::string_view>());
  BL_TRY(const auto text, texts.as<std::string_view>());
  std::vector<ColumnStatistics> out;
  const std::int64_t begin = maps.list_begin(0);
  for (std::int64_t i = begin; i < begin + maps.list_size(0); ++i) {
    out.push_back(statistics_of(name[i], key, text, inner.list_begin(i), inner.list_size(i)));
  }
  return out;
}

/// The columns of a SELECT, for their field ids.
Result<std::string> field_ids(Connection& connection, std::string_view select,
                              const Values& values) {
  BL_TRY(const Answer answer,
         connection.query(fmt::format("SELECT * FROM ({}) LIMIT 0", select), values));
  std::string out;
  int id = 0;
  for (const auto& field : answer.schema().fields()) {
    BL_TRY(const std::string name, quoted_text(field.name));
    out += fmt::format("{}{}: {}", out.empty() ? "" : ", ", name, ++id);
  }
  return out;
}

Result<std::string> copy_statement(Connection& connection, std::string_view select,
                                   const Values& values, const std::string& path,
                                   const ParquetOptions& options) {
  BL_TRY(const std::string target, quoted_text(path));
  std::string sql = fmt::format(
      "COPY ({}) TO {} (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL {}, ROW_GROUP_SIZE {}, "
      "PARQUET_VERSION v{}, USE_TMP_FILE false, RETURN_STATS true",
      select, target, options.zstd_level, options.row_group_rows, options.version);
  if (options.field_ids) {
    BL_TRY(const std::string ids, field_ids(connection, select, values));
    sql += fmt::format(", FIELD_IDS {{{}}}", ids);
  }
  if (!options.metadata.empty()) {
    std::string texts;
    for (const auto& [key, value] : options.metadata) {
      BL_TRY(const std::string quoted_key, quoted_text(key));
      BL_TRY(const std::string quoted_value, quoted_text(value));
      texts += fmt::format("{}{}: {}", texts.empty() ? "" : ", ", quoted_key, quoted_value);
    }
    sql += fmt::format(", KV_METADATA {{{}}}", texts);
  }
  return sql + ")";
}

Result<ParquetFile> copy(Connection& connection, const std::string& sql, const Values& values,
                         const std::string& path, const QueryOptions& limits) {
  BL_TRY(Answer answer, connection.query(sql, values, limits));
  BL_TRY(const Batch row, answer.all(1));
  if (row.rows() != 1) return Error{Code::internal, "the engine wrote no file: " + path};
  BL_TRY(const Column count, row.column("count"));
  BL_TRY(const auto rows, count.as<std::uint64_t>());
  BL_TRY(const Column size, row.column("file_size_bytes"));
  BL_TRY(const auto bytes, size.as<std::uint64_t>());
  BL_TRY(const Column footer, row.column("footer_size_bytes"));
  BL_TRY(const auto footer_bytes, footer.as<std::uint64_t>());
  BL_TRY(const Column maps, row.column("column_statistics"));
  ParquetFile file{path, static_cast<std::int64_t>(rows[0]), bytes[0], footer_bytes[0], {}};
  BL_TRY(file.columns, all_statistics(maps));
  std::ranges::sort(file.columns, {}, &ColumnStatistics::path);
  return file;
}

Result<void> make_durable(Disk& disk, const std::string& path) {
  BL_TRY(const auto file, disk.open_append(path));
  BL_RETURN_IF_ERROR(file->sync());
  return disk.sync_folder(folder_of(path));
}

}  // namespace

Result<ParquetFile> write_parquet(Connection& connection, Disk& disk, std::string_view select,
                                  const Values& values, const std::string& path,
                                  const ParquetOptions& options, const QueryOptions& limits) {
  BL_TRY(const bool there, disk.exists(path));
  if (there) return Error{Code::conflict, "a file is never overwritten: " + path};
  BL_TRY(const std::string sql, copy_statement(connection, select, values, path, options));
  Result<ParquetFile> file = copy(connection, sql, values, path, limits);
  if (file.ok()) {
    const auto durable = make_durable(disk, path);
    if (!durable.ok()) file = durable.error();
  }
  if (!file.ok()) (void)disk.remove(path);  // the engine leaves an empty or half file
  return file;
}

}  // namespace bl::duck
