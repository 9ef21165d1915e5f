#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "lake/lake.h"
#include "results/replica/tables.h"

/// Rows of the replica's tables in the lake: found, read, put. Private to the replica. Files are
/// opened where they lie: on this machine's disk.
namespace bl::results::replica {

/// Values of a shape's key column: of numbers or of texts. May repeat.
using Keys = std::variant<std::vector<std::int64_t>, std::vector<std::string>>;
bool is_empty(const Keys& keys);

/// The table of a shape; made when it is not there. Errors: conflict (it is there with other
/// columns: of another version of this program), those of the lake.
Result<std::shared_ptr<lake::Table>> open_table(lake::Lake& lake, const Shape& shape);

/// Where the files of a table lie (docs/formats/lake.md).
std::string data_folder(std::string_view table);
/// Which rows lie in a file, by its place: those of a month, `202408`, or of a sealed year and a
/// range of fingerprints, `2021-b03` (sealing.h).
struct FileGroup {
  std::string name;
  std::int64_t first_month = 0, last_month = 0;
  bool is_sealed() const { return first_month != last_month; }
  bool holds(std::int64_t month) const { return first_month <= month && month <= last_month; }
};
/// nullopt of a table without months.
std::optional<FileGroup> group_of_file(std::string_view table, std::string_view key);

/// Where the engine opens files of the lake. Errors: unsupported (a lake that is not on a disk).
Result<std::vector<std::string>> paths_of(lake::Lake& lake,
                                          std::span<const lake::DataFile* const> files);

/// Reads `select` (over `rows`, those of the files given) in batches. Errors: unsupported (a lake
/// that is not on a disk), those of the engine.
Result<void> read_files(lake::Lake& lake, const lake::Snapshot& snapshot,
                        std::span<const lake::DataFile* const> files, std::string_view select,
                        const duck::Values& values,
                        const std::function<Result<void>(const columns::Batch&)>& each);
/// The same of all files.
Result<void> read_table(lake::Lake& lake, const lake::Snapshot& snapshot, std::string_view select,
                        const std::function<Result<void>(const columns::Batch&)>& each);

/// Rows that come, and keys whose earlier rows go.
struct Put {
  const Shape* shape;
  Keys keys;  ///< of all rows that come, and of those that only go
  std::vector<columns::Batch> rows;
  std::string note;  ///< of the commit that ends it; empty: that of before stays
  /// True where it is known that the lake has no row of these keys.
  bool is_new = false;
};
struct PutDone {
  std::int64_t rows = 0;
  std::int64_t files_replaced = 0;
  bool committed = false;  ///< false: there was nothing to do, and the note is not kept
};
/// Puts them: every key has the rows given and no other ones then, however often it is done. Rows
/// that come and files without their keys: one small file a month is added, nothing is read; else
/// the files that have one of the keys are made again, in their groups. One commit.
Result<PutDone> put(lake::Lake& lake, Put put);

}  // namespace bl::results::replica
