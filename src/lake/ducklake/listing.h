#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "lake/catalog.h"
#include "lake/ducklake/commit_record.h"
#include "lake/ducklake/session.h"
#include "lake/ducklake/types.h"

/// What a catalog knows, read from its tables (spec/lake-ducklake.md 1.2, 1.6). Private to this
/// folder.
namespace bl::lake {

/// A table as the catalog's rows have it.
struct TableRow {
  std::int64_t id = 0;
  std::int64_t begin = 0;  ///< the snapshot that made it
  std::string name;
  std::string folder;  ///< front of its files' keys: `tables/NAME/`
};

/// A commit of ours to a table.
struct TableChange {
  std::int64_t id = 0;  ///< of the snapshot
  Timestamp at;
  CommitRecord record;
};

/// One look at a catalog through a session. One thread.
class Listing {
 public:
  /// `data_path`: where the keys of the store begin, for files that the catalog has with their
  /// whole path.
  Listing(CatalogSession& session, const CatalogPlace& place, std::string data_path)
      : session_(session), place_(place), data_path_(std::move(data_path)) {}

  /// The newest snapshot. Errors: corrupt (there is none).
  Result<std::int64_t> head();
  Result<bool> has_snapshot(std::int64_t id);
  /// Tables that are visible at a snapshot, ordered by name; only that one, when a name is given.
  Result<std::vector<TableRow>> tables(std::int64_t at, const std::string& name = {});
  /// Errors: not_found.
  Result<TableRow> table(const std::string& name, std::int64_t at);
  /// The newest change of a table up to a snapshot.
  Result<std::optional<TableChange>> change(const TableRow& table, std::int64_t at);
  /// The oldest change behind a snapshot.
  Result<std::optional<TableChange>> change_after(const TableRow& table, std::int64_t at);
  /// The change that a table had at a snapshot. Errors: not_found (expired, or before the table).
  Result<TableChange> change_at(const TableRow& table, std::int64_t at);
  /// Errors: too_large (more than files_max), unsupported (rows that another program deleted or
  /// wrote outside of the lake's store).
  Result<CatalogSnapshot> snapshot(const TableRow& table, const TableChange& change,
                                   std::size_t files_max);
  /// Key and rows of the files at a snapshot.
  Result<std::map<std::string, std::int64_t>> keys(const TableRow& table, std::int64_t at);
  Result<std::vector<SnapshotInfo>> history(const TableRow& table, std::size_t count_max);
  /// The properties that a table has at a snapshot.
  Result<std::map<std::string, std::string>> properties(const TableRow& table, std::int64_t at);
  /// The snapshot of a commit, by its id.
  Result<std::optional<std::int64_t>> commit(std::string_view id);

  /// `TABLE: `: how the message of a table's commits begins.
  static std::string message_start(std::string_view table);

 private:
  struct Files {
    std::vector<DataFile> files;
    std::unordered_map<std::int64_t, std::size_t> place;  // in `files`, by the catalog's number
  };
  Result<Files> files(const TableRow& table, std::int64_t at, std::size_t files_max);
  Result<void> add_statistics(const TableRow& table, std::int64_t at,
                              const std::vector<CatalogColumn>& columns, Files& files);
  Result<std::optional<TableChange>> one_change(const TableRow& table, const std::string& where);
  Result<std::vector<CatalogColumn>> columns(const TableRow& table, std::int64_t at);
  Result<std::string> key_of(const TableRow& table, std::string_view path, bool relative) const;
  std::string t(const char* name) const { return place_.table(name); }

  CatalogSession& session_;
  const CatalogPlace& place_;
  const std::string data_path_;
};

}  // namespace bl::lake
