#include "lake/ducklake/listing.h"

#include <fmt/format.h>

#include <algorithm>

namespace bl::lake {
namespace {

// Rows of the catalog that a snapshot shows.
std::string visible(std::string_view alias, std::int64_t at) {
  return fmt::format(
      "{0}.begin_snapshot <= {1} AND ({0}.end_snapshot IS NULL OR "
      "{0}.end_snapshot > {1})",
      alias, at);
}

Error damaged(std::string_view what) {
  return Error{Code::corrupt, fmt::format("the catalog is damaged: {}", what)};
}

// The path of each leaf column, by its id, and whether it is of a kind whose statistics other
// writers write in another way.
struct Leaf {
  std::vector<std::string> path;
  std::string type;
};

std::unordered_map<std::int64_t, Leaf> leaves_of(const std::vector<CatalogColumn>& columns) {
  std::unordered_map<std::int64_t, Leaf> all;
  for (const CatalogColumn& column : columns) {  // parents stand before their children
    Leaf leaf;
    if (column.parent) leaf.path = all[*column.parent].path;
    leaf.path.push_back(column.name);
    leaf.type = column.type;
    all[column.id] = std::move(leaf);
  }
  return all;
}

// A statistic by the rules of duck::ColumnStatistics. Of bytes the catalog has two spellings, which
// cannot be told apart: nothing is known of them.
std::optional<std::string> statistic(const Leaf& leaf, std::optional<std::string_view> text) {
  if (!text || leaf.type == "blob") return std::nullopt;
  if (leaf.type == "boolean") return std::string(*text == "true" || *text == "1" ? "1" : "0");
  return std::string(*text);
}

duck::ColumnStatistics statistics_of(const Rows& rows, std::int64_t row, const Leaf& leaf) {
  duck::ColumnStatistics out;
  out.path = leaf.path;
  out.bytes =
      static_cast<std::uint64_t>(std::max<std::int64_t>(rows.number(row, 2).value_or(0), 0));
  out.values = rows.number(row, 3).value_or(0);
  out.nulls = rows.number(row, 4).value_or(0);
  out.min = statistic(leaf, rows.text(row, 5));
  out.max = statistic(leaf, rows.text(row, 6));
  if (rows.text(row, 7)) out.has_nan = rows.flag(row, 7);
  return out;
}

}  // namespace

std::string Listing::message_start(std::string_view table) {
  return fmt::format("{}: ", table);
}

Result<std::int64_t> Listing::head() {
  BL_TRY(const Rows rows,
         session_.look(fmt::format("SELECT max(snapshot_id) AS id FROM {}", t("snapshot"))));
  if (rows.count() != 1 || !rows.number(0, 0)) return damaged("it has no snapshot");
  return *rows.number(0, 0);
}

Result<bool> Listing::has_snapshot(std::int64_t id) {
  BL_TRY(const Rows rows,
         session_.look(fmt::format("SELECT count(*) AS n FROM {} WHERE snapshot_id = {}",
                                   t("snapshot"), id)));
  return rows.number(0, 0).value_or(0) == 1;
}

Result<std::vector<TableRow>> Listing::tables(std::int64_t at, const std::string& name) {
  std::string sql = fmt::format(
      "SELECT x.table_id, x.begin_snapshot, x.table_name, s.path AS a, x.path AS b FROM {} x JOIN "
      "{} s ON s.schema_id = x.schema_id WHERE s.schema_name = 'main' AND {} AND {}",
      t("table"), t("schema"), visible("x", at), visible("s", at));
  if (!name.empty()) sql += fmt::format(" AND x.table_name = '{}'", name);
  BL_TRY(const Rows rows, session_.look(sql + " ORDER BY x.table_name"));
  std::vector<TableRow> out;
  for (std::int64_t i = 0; i < rows.count(); ++i) {
    const auto id = rows.number(i, 0), begin = rows.number(i, 1);
    const auto table = rows.text(i, 2), front = rows.text(i, 3), folder = rows.text(i, 4);
    if (!id || !begin || !table || !front || !folder) return damaged("a table without an id");
    out.push_back({*id, *begin, std::string(*table), std::string(*front) + std::string(*folder)});
  }
  return out;
}

Result<TableRow> Listing::table(const std::string& name, std::int64_t at) {
  BL_TRY(std::vector<TableRow> found, tables(at, name));
  if (found.empty()) return Error{Code::not_found, "no such table in the lake: " + name};
  return std::move(found.front());
}

Result<std::optional<TableChange>> Listing::one_change(const TableRow& table,
                                                       const std::string& where) {
  const std::string start = message_start(table.name);
  const std::string sql = fmt::format(
      "SELECT c.snapshot_id, s.snapshot_time, c.commit_extra_info FROM {} c JOIN {} s ON "
      "s.snapshot_id = c.snapshot_id WHERE c.author = 'benchlake' AND "
      "substr(c.commit_message, 1, {}) = '{}' AND c.snapshot_id >= {} AND {} LIMIT 1",
      t("snapshot_changes"), t("snapshot"), start.size(), start, table.begin, where);
  BL_TRY(const Rows rows,
         session_.look(sql,
                       "snapshot_id::VARCHAR, epoch_us(snapshot_time::TIMESTAMPTZ)::VARCHAR, "
                       "commit_extra_info::VARCHAR"));
  if (rows.count() == 0) return std::optional<TableChange>();
  const auto id = rows.number(0, 0), at = rows.number(0, 1);
  const auto text = rows.text(0, 2);
  if (!id || !at || !text) return damaged("a snapshot without a time or its extra info");
  BL_TRY(CommitRecord record, commit_record(*text));
  return std::optional<TableChange>({*id, Timestamp{*at}, std::move(record)});
}

Result<std::optional<TableChange>> Listing::change(const TableRow& table, std::int64_t at) {
  return one_change(table, fmt::format("c.snapshot_id <= {} ORDER BY c.snapshot_id DESC", at));
}

Result<std::optional<TableChange>> Listing::change_after(const TableRow& table, std::int64_t at) {
  return one_change(table, fmt::format("c.snapshot_id > {} ORDER BY c.snapshot_id", at));
}

Result<TableChange> Listing::change_at(const TableRow& table, std::int64_t at) {
  BL_TRY(auto found, change(table, at));
  const Error gone{Code::not_found,
                   fmt::format("a snapshot of table {} that is expired: {}", table.name, at)};
  if (!found) return gone;
  if (found->id == at) return *std::move(found);
  // Were there others between that one and `at`, which are expired?
  BL_TRY(const auto next, change_after(table, at));
  if (next && next->record.before != found->id) return gone;
  return *std::move(found);
}

Result<std::string> Listing::key_of(const TableRow& table, std::string_view path,
                                    bool relative) const {
  if (relative) return table.folder + std::string(path);
  if (path.starts_with(data_path_)) return std::string(path.substr(data_path_.size()));
  return Error{Code::unsupported,
               fmt::format("not supported: a file of table {} outside of the lake's store: {}",
                           table.name, path)};
}

Result<std::vector<CatalogColumn>> Listing::columns(const TableRow& table, std::int64_t at) {
  BL_TRY(const Rows rows,
         session_.look(fmt::format(
             "SELECT c.column_id, c.parent_column, c.column_name, c.column_type, c.nulls_allowed "
             "FROM {} c WHERE c.table_id = {} AND {} ORDER BY c.column_order, c.column_id",
             t("column"), table.id, visible("c", at))));
  std::vector<CatalogColumn> out;
  for (std::int64_t i = 0; i < rows.count(); ++i) {
    const auto id = rows.number(i, 0);
    const auto name = rows.text(i, 2), type = rows.text(i, 3);
    if (!id || !name || !type) return damaged("a column without a name");
    out.push_back(
        {*id, rows.number(i, 1), std::string(*name), std::string(*type), rows.flag(i, 4)});
  }
  return out;
}

Result<std::map<std::string, std::string>> Listing::properties(const TableRow& table,
                                                               std::int64_t at) {
  BL_TRY(const Rows rows,
         session_.look(fmt::format("SELECT g.value FROM {} g WHERE g.object_id = {} AND g.{} = "
                                   "'comment' AND {}",
                                   t("tag"), table.id, "key", visible("g", at))));
  if (rows.count() == 0 || !rows.text(0, 0)) return std::map<std::string, std::string>();
  return properties_of(*rows.text(0, 0));
}

Result<Listing::Files> Listing::files(const TableRow& table, std::int64_t at,
                                      std::size_t files_max) {
  BL_TRY(const Rows rows,
         session_.look(fmt::format(
             "SELECT f.data_file_id, f.path, f.path_is_relative, f.record_count, "
             "f.file_size_bytes, f.footer_size, d.data_file_id AS deleted FROM {} f LEFT JOIN {} d "
             "ON d.table_id = {} AND d.data_file_id = f.data_file_id AND {} WHERE f.table_id = {} "
             "AND {} LIMIT {}",
             t("data_file"), t("delete_file"), table.id, visible("d", at), table.id,
             visible("f", at), files_max + 1)));
  if (static_cast<std::size_t>(rows.count()) > files_max) {
    return Error{Code::too_large,
                 fmt::format("table {} has more files than {}", table.name, files_max)};
  }
  Files out;
  for (std::int64_t i = 0; i < rows.count(); ++i) {
    const auto id = rows.number(i, 0), count = rows.number(i, 3), bytes = rows.number(i, 4);
    const auto path = rows.text(i, 1);
    if (!id || !path || !count || !bytes) return damaged("a file without a path or a size");
    if (rows.text(i, 6)) {
      return Error{Code::unsupported,
                   fmt::format("not supported: rows that another program deleted from table {}, "
                               "in file {}",
                               table.name, *path)};
    }
    DataFile file;
    BL_TRY(file.key, key_of(table, *path, rows.flag(i, 2)));
    file.rows = *count;
    file.bytes = static_cast<std::uint64_t>(*bytes);
    file.footer_bytes = static_cast<std::uint64_t>(rows.number(i, 5).value_or(0));
    out.place[*id] = out.files.size();
    out.files.push_back(std::move(file));
  }
  return out;
}

Result<void> Listing::add_statistics(const TableRow& table, std::int64_t at,
                                     const std::vector<CatalogColumn>& columns, Files& files) {
  BL_TRY(const Rows rows,
         session_.look(fmt::format(
             "SELECT s.data_file_id, s.column_id, s.column_size_bytes, s.value_count, "
             "s.null_count, s.min_value, s.max_value, s.contains_nan FROM {} s JOIN {} f ON "
             "f.data_file_id = s.data_file_id WHERE s.table_id = {} AND f.table_id = {} AND {}",
             t("file_column_stats"), t("data_file"), table.id, table.id, visible("f", at))));
  const auto leaves = leaves_of(columns);
  for (std::int64_t i = 0; i < rows.count(); ++i) {
    const auto file = files.place.find(rows.number(i, 0).value_or(-1));
    const auto leaf = leaves.find(rows.number(i, 1).value_or(-1));
    if (file == files.place.end() || leaf == leaves.end()) continue;
    files.files[file->second].columns.push_back(statistics_of(rows, i, leaf->second));
  }
  for (DataFile& file : files.files) {
    std::ranges::sort(file.columns, {}, &duck::ColumnStatistics::path);
  }
  return {};
}

Result<CatalogSnapshot> Listing::snapshot(const TableRow& table, const TableChange& change,
                                          std::size_t files_max) {
  CatalogSnapshot out;
  out.id = change.id;
  out.at = change.at;
  out.watermarks = change.record.watermarks;
  out.note = change.record.note;
  BL_TRY(const std::vector<CatalogColumn> columns, this->columns(table, out.id));
  BL_TRY(out.schema, schema_of(columns));
  BL_TRY(out.properties, properties(table, out.id));
  BL_TRY(Files listed, files(table, out.id, files_max));
  BL_RETURN_IF_ERROR(add_statistics(table, out.id, columns, listed));
  out.files = std::move(listed.files);
  std::ranges::sort(out.files, {}, &DataFile::key);
  BL_TRY(const bool still_there, has_snapshot(out.id));
  if (!still_there) {
    return Error{Code::not_found,
                 fmt::format("a snapshot of table {} that is expired: {}", table.name, out.id)};
  }
  return out;
}

Result<std::map<std::string, std::int64_t>> Listing::keys(const TableRow& table, std::int64_t at) {
  BL_TRY(const Rows rows, session_.look(fmt::format(
                              "SELECT f.path, f.path_is_relative, f.record_count FROM {} f WHERE "
                              "f.table_id = {} AND {}",
                              t("data_file"), table.id, visible("f", at))));
  std::map<std::string, std::int64_t> out;
  for (std::int64_t i = 0; i < rows.count(); ++i) {
    const auto path = rows.text(i, 0);
    if (!path) return damaged("a file without a path");
    BL_TRY(std::string key, key_of(table, *path, rows.flag(i, 1)));
    out[std::move(key)] = rows.number(i, 2).value_or(0);
  }
  return out;
}

Result<std::vector<SnapshotInfo>> Listing::history(const TableRow& table, std::size_t count_max) {
  const std::string start = message_start(table.name);
  const std::string shown = fmt::format(
      "FROM {} f WHERE f.table_id = {} AND f.begin_snapshot <= c.snapshot_id AND (f.end_snapshot "
      "IS "
      "NULL OR f.end_snapshot > c.snapshot_id)",
      t("data_file"), table.id);
  const std::string sql = fmt::format(
      "SELECT c.snapshot_id AS id, s.snapshot_time AS made, c.commit_message AS message, (SELECT "
      "count(*) {0}) AS files, (SELECT coalesce(sum(f.record_count), 0) {0}) AS numbered FROM {1} "
      "c JOIN {2} s ON s.snapshot_id = c.snapshot_id WHERE c.author = 'benchlake' AND "
      "substr(c.commit_message, 1, {3}) = '{4}' AND c.snapshot_id >= {5} ORDER BY c.snapshot_id "
      "DESC LIMIT {6}",
      shown, t("snapshot_changes"), t("snapshot"), start.size(), start, table.begin, count_max);
  BL_TRY(const Rows rows,
         session_.look(sql,
                       "id::VARCHAR, epoch_us(made::TIMESTAMPTZ)::VARCHAR, message::VARCHAR, "
                       "files::BIGINT::VARCHAR, numbered::BIGINT::VARCHAR"));
  std::vector<SnapshotInfo> out;
  for (std::int64_t i = 0; i < rows.count(); ++i) {
    SnapshotInfo one;
    one.id = rows.number(i, 0).value_or(0);
    one.at = Timestamp{rows.number(i, 1).value_or(0)};
    one.what = std::string(rows.text(i, 2).value_or("")).substr(start.size());
    one.files = rows.number(i, 3).value_or(0);
    one.rows = rows.number(i, 4).value_or(0);
    out.push_back(std::move(one));
  }
  return out;
}

Result<std::optional<std::int64_t>> Listing::commit(std::string_view id) {
  const std::string start = start_of_text(id);
  BL_TRY(const Rows rows,
         session_.look(fmt::format("SELECT max(snapshot_id) AS id FROM {} WHERE author = "
                                   "'benchlake' AND substr(commit_extra_info, 1, {}) = '{}'",
                                   t("snapshot_changes"), start.size(), start)));
  return rows.count() == 0 ? std::optional<std::int64_t>() : rows.number(0, 0);
}

}  // namespace bl::lake
