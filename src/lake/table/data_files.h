#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/disk.h"
#include "base/ids.h"
#include "duck/database.h"
#include "lake/catalog.h"
#include "lake/layout.h"
#include "objects/object_store.h"

namespace bl::lake {

/// The group that a file's key tells; empty: none.
std::string group_of(std::string_view table, std::string_view key);

/// In a file's footer: how far journals were in files with it, `{"ID": record}`.
inline constexpr std::string_view k_watermarks_text = "benchlake.watermarks";

/// The sum that a file's name ends with, `ID-SUM.parquet`; empty: another's file.
std::string_view sum_in(std::string_view key);
/// The first 16 hex digits of the SHA-256 of a file. Errors: those of the disk.
Result<std::string> sum_of(Disk& disk, const std::string& path);

/// Copies of objects that the engine can open, until this is gone; of a local store the objects
/// themselves.
class LocalFiles {
 public:
  LocalFiles(Disk& disk, std::vector<std::string> paths, std::vector<std::string> copies)
      : disk_(&disk), paths_(std::move(paths)), copies_(std::move(copies)) {}
  LocalFiles(LocalFiles&& other) noexcept = default;
  LocalFiles& operator=(LocalFiles&&) = delete;
  ~LocalFiles();
  /// In the order of the files asked for.
  const std::vector<std::string>& paths() const { return paths_; }

 private:
  Disk* disk_;
  std::vector<std::string> paths_, copies_;
};

/// `SELECT "a", "b" FROM (...)` over Parquet files of one table, of which some may have been
/// written before a column was added: there it is null.
Result<std::string> select_of_files(const columns::Schema& schema,
                                    std::span<const DataFile* const> files,
                                    std::span<const std::string> paths);
/// The same with k_row_column behind, `first_rows` being the number of the first row of each file.
Result<std::string> numbered_select(const columns::Schema& schema,
                                    std::span<const DataFile* const> files,
                                    std::span<const std::string> paths,
                                    std::span<const std::int64_t> first_rows);
/// The columns of a schema, quoted, with commas.
std::string column_list(const columns::Schema& schema);

/// Writes the files of one table to the store, and gets them back. Threads: any.
class DataFiles {
 public:
  /// `scratch`: a folder that is there, on the disk that the store was opened with, of this process
  /// alone.
  DataFiles(objects::ObjectStore& store, Disk& disk, std::string scratch, IdSource& ids,
            std::string table)
      : store_(store),
        disk_(disk),
        scratch_(std::move(scratch)),
        ids_(ids),
        table_(std::move(table)) {}

  /// What stands in the footers of the files of one commit, so that a lost catalog can be made
  /// again.
  using Texts = std::vector<std::pair<std::string, std::string>>;

  /// The rows of an SQL table, by the layout: a file for each group, durable in the store. `group`:
  /// the one that all rows belong to, where it is known. On failure none is left but what the store
  /// could not remove. Errors: those of the engine and of the store.
  Result<std::vector<DataFile>> write(duck::Connection& connection, const columns::Schema& schema,
                                      const Layout& layout, const std::string& from,
                                      const std::optional<std::string>& group, const Texts& texts);
  /// Errors: not_found (an object is gone; with its key), and those of the store.
  Result<LocalFiles> fetch(std::span<const DataFile* const> files);
  /// Removes files that no catalog lists; what fails is for the sweep.
  void discard(std::span<const DataFile> files);

 private:
  Result<std::vector<std::string>> groups(duck::Connection& connection, const Layout& layout,
                                          const std::string& from);
  Result<DataFile> write_one(duck::Connection& connection, const std::string& select,
                             const duck::Values& values, const std::string& group,
                             const duck::ParquetOptions& options);
  Result<void> put(const std::string& key, const duck::ParquetFile& file);
  Result<std::string> copy_of(const DataFile& file);

  objects::ObjectStore& store_;
  Disk& disk_;
  const std::string scratch_;
  IdSource& ids_;
  const std::string table_;
};

}  // namespace bl::lake
