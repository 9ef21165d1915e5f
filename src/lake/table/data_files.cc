#include "lake/table/data_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/hash.h"
#include "lake/ducklake/types.h"
#include "lake/snapshot.h"
#include "objects/key.h"

namespace bl::lake {
namespace {

constexpr std::uint64_t k_copy_part_bytes = 8 << 20;
constexpr std::size_t k_sum_digits = 16;
constexpr std::string_view k_suffix = ".parquet";

// Which top-level columns a file has.
std::set<std::string> columns_of(const DataFile& file) {
  std::set<std::string> names;
  for (const auto& column : file.columns) names.insert(column.path.front());
  return names;
}

// The items of a SELECT from files that have those columns.
std::string items_of(const columns::Schema& schema, const std::set<std::string>& names) {
  std::string columns;
  for (const auto& field : schema.fields()) {
    columns += columns.empty() ? "" : ", ";
    if (!names.contains(field.name)) {
      // With its type where we have a word for it: it may be that no file has the column.
      const auto type = sql_type(field);
      columns += type.ok() ? fmt::format("CAST(NULL AS {}) AS ", *type) : "NULL AS ";
    }
    columns += duck::quoted_name(field.name);
  }
  return columns;
}

Result<std::string> list_of(std::span<const std::string> paths) {
  std::string list;
  for (const std::string& path : paths) {
    BL_TRY(const std::string quoted, duck::quoted_text(path));
    list += list.empty() ? "" : ", ";
    list += quoted;
  }
  return list;
}

}  // namespace

std::string group_of(std::string_view table, std::string_view key) {
  const std::string folder = data_folder(table);
  if (!key.starts_with(folder)) return "";
  key.remove_prefix(folder.size());
  const auto slash = key.rfind('/');
  return slash == std::string_view::npos ? "" : std::string(key.substr(0, slash));
}

std::string_view sum_in(std::string_view key) {
  if (!key.ends_with(k_suffix)) return {};
  key.remove_suffix(k_suffix.size());
  const auto dash = key.rfind('-');
  const bool has_sum =
      dash != std::string_view::npos && key.size() - dash - 1 == k_sum_digits &&
      key.find_first_not_of("0123456789abcdef", dash + 1) == std::string_view::npos;
  return has_sum ? key.substr(dash + 1) : std::string_view{};
}

Result<std::string> sum_of(Disk& disk, const std::string& path) {
  BL_TRY(const auto file, disk.open_read(path));
  Sha256 sum;
  std::vector<std::byte> part(1 << 20);
  for (std::uint64_t at = 0;;) {
    BL_TRY(const std::size_t size, file->read_at(at, part));
    if (size == 0) return sum.finish_hex().substr(0, k_sum_digits);
    sum.add({reinterpret_cast<const char*>(part.data()), size});
    at += size;
  }
}

LocalFiles::~LocalFiles() {
  for (const std::string& copy : copies_) {
    (void)disk_->remove(copy).ok();  // the next start empties the folder
  }
}

std::string column_list(const columns::Schema& schema) {
  std::string sql;
  for (const auto& field : schema.fields()) {
    sql += sql.empty() ? "" : ", ";
    sql += duck::quoted_name(field.name);
  }
  return sql;
}

Result<std::string> select_of_files(const columns::Schema& schema,
                                    std::span<const DataFile* const> files,
                                    std::span<const std::string> paths) {
  // Files with the same columns are read together.
  std::map<std::set<std::string>, std::vector<std::string>> alike;
  for (std::size_t i = 0; i < files.size(); ++i) {
    alike[columns_of(*files[i])].push_back(paths[i]);
  }
  std::string sql;
  for (const auto& [names, same] : alike) {
    BL_TRY(const std::string list, list_of(same));
    if (!sql.empty()) sql += " UNION ALL ";
    sql += fmt::format("SELECT {} FROM read_parquet([{}], hive_partitioning = false)",
                       items_of(schema, names), list);
  }
  return sql;
}

Result<std::string> numbered_select(const columns::Schema& schema,
                                    std::span<const DataFile* const> files,
                                    std::span<const std::string> paths,
                                    std::span<const std::int64_t> first_rows) {
  std::string sql;
  for (std::size_t i = 0; i < files.size(); ++i) {
    BL_TRY(const std::string path, duck::quoted_text(paths[i]));
    if (!sql.empty()) sql += " UNION ALL ";
    sql += fmt::format(
        "SELECT {}, {} + file_row_number AS {} FROM read_parquet({}, hive_partitioning = false, "
        "file_row_number = true)",
        items_of(schema, columns_of(*files[i])), first_rows[i], duck::quoted_name(k_row_column),
        path);
  }
  return sql;
}

Result<std::vector<std::string>> DataFiles::groups(duck::Connection& connection,
                                                   const Layout& layout, const std::string& from) {
  if (layout.group.empty()) return std::vector<std::string>{""};
  BL_TRY(duck::Answer answer,
         connection.query(fmt::format(
             "SELECT DISTINCT coalesce(CAST(({}) AS VARCHAR), 'none') FROM {} ORDER BY 1",
             layout.group, from)));
  BL_TRY(const columns::Batch batch, answer.all());
  BL_TRY(const auto texts, batch.column(0).as<std::string_view>());
  std::vector<std::string> groups;
  for (std::int64_t i = 0; i < batch.rows(); ++i) {
    if (!objects::is_segment(texts[i])) {
      return Error{Code::invalid,
                   "a group of rows has a name that no folder can have: " + std::string(texts[i])};
    }
    groups.emplace_back(texts[i]);
  }
  return groups;
}

Result<std::vector<DataFile>> DataFiles::write(duck::Connection& connection,
                                               const columns::Schema& schema, const Layout& layout,
                                               const std::string& from,
                                               const std::optional<std::string>& group,
                                               const Texts& texts) {
  std::vector<std::string> all;
  if (group) {
    all.push_back(*group);
  } else {
    BL_TRY(all, groups(connection, layout, from));
  }
  duck::ParquetOptions options{
      .row_group_rows = layout.row_group_rows, .version = 1, .field_ids = true};
  options.metadata = texts;
  options.metadata.emplace_back("benchlake.table", table_);
  std::vector<DataFile> files;
  for (const std::string& one : all) {
    std::string select = fmt::format("SELECT {} FROM {} ", column_list(schema), from);
    duck::Values values;
    if (all.size() > 1) {
      select += fmt::format("WHERE coalesce(CAST(({}) AS VARCHAR), 'none') = ? ", layout.group);
      values.emplace_back(one);
    }
    select += order_by(layout);
    auto file = write_one(connection, select, values, one, options);
    if (!file.ok()) {
      discard(files);
      return std::move(file).error();
    }
    files.push_back(*std::move(file));
  }
  return files;
}

Result<DataFile> DataFiles::write_one(duck::Connection& connection, const std::string& select,
                                      const duck::Values& values, const std::string& group,
                                      const duck::ParquetOptions& options) {
  const std::string id = ids_.next();
  const std::string path = scratch_ + "/" + id + std::string(k_suffix);
  BL_TRY(duck::ParquetFile file,
         duck::write_parquet(connection, disk_, select, values, path, options));
  std::string key;
  const auto put_there = [&]() -> Result<void> {
    BL_TRY(const std::string sum, sum_of(disk_, path));
    key = fmt::format("{}{}{}{}-{}{}", data_folder(table_), group, group.empty() ? "" : "/", id,
                      sum, k_suffix);
    return put(key, file);
  };
  auto done = put_there();
  (void)disk_.remove(path).ok();  // the next start empties the folder
  if (!done.ok()) return std::move(done).error();
  return DataFile{key, file.rows, file.bytes, file.footer_bytes, std::move(file.columns)};
}

// The key is ours alone: whatever stands under it is what we sent.
Result<void> DataFiles::put(const std::string& key, const duck::ParquetFile& file) {
  auto put = store_.put_file_if_absent(key, file.path);
  if (put.ok() || put.error().code != Code::outcome_unknown) return put;
  auto info = store_.head(key);
  if (info.ok() && info->size == file.bytes) return {};
  (void)store_.remove(key).ok();  // a late one is for the sweep
  return Error{Code::unavailable, "the store lost the answer to a file, and the file: " + key};
}

Result<LocalFiles> DataFiles::fetch(std::span<const DataFile* const> files) {
  std::vector<std::string> paths, copies;
  if (store_.kind() == "file") {
    for (const DataFile* file : files) paths.push_back(store_.address(file->key));
    return LocalFiles(disk_, std::move(paths), {});
  }
  for (const DataFile* file : files) {
    auto path = copy_of(*file);
    if (!path.ok()) {
      const LocalFiles made(disk_, {}, std::move(copies));  // removes them
      return std::move(path).error();
    }
    copies.push_back(*path);
  }
  paths = copies;
  return LocalFiles(disk_, std::move(paths), std::move(copies));
}

Result<std::string> DataFiles::copy_of(const DataFile& file) {
  const std::string path = scratch_ + "/" + ids_.next() + ".copy.parquet";
  BL_TRY(const auto out, disk_.create(path, FileMode::normal));
  const auto fill = [&]() -> Result<void> {
    for (std::uint64_t at = 0; at < file.bytes; at += k_copy_part_bytes) {
      const std::uint64_t size = std::min(k_copy_part_bytes, file.bytes - at);
      BL_TRY(const std::string bytes, store_.get_range(file.key, {at, size}));
      if (bytes.size() != size) {
        return Error{Code::corrupt, fmt::format("an object of the lake is cut, at byte {}: {}",
                                                at + bytes.size(), file.key)};
      }
      BL_RETURN_IF_ERROR(out->append(bytes));
    }
    return {};
  };
  if (auto filled = fill(); !filled.ok()) {
    (void)disk_.remove(path).ok();
    return std::move(filled).error();
  }
  return path;
}

void DataFiles::discard(std::span<const DataFile> files) {
  for (const DataFile& file : files) (void)store_.remove(file.key).ok();
}

}  // namespace bl::lake
