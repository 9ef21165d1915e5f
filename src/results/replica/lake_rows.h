#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lake/keyed_rows.h"
#include "results/replica/tables.h"

/// Rows of the replica's tables in the lake: found, read, put. Private to the replica. Files are
/// opened where they lie: on this machine's disk.
namespace bl::results::replica {

using lake::data_folder;
using lake::is_empty;
using lake::Keys;  // of a shape's key column
using lake::paths_of;
using lake::PutDone;
using lake::read_files;
using lake::read_table;

/// The table of a shape; made when it is not there. Errors: conflict (it is there with other
/// columns: of another version of this program), those of the lake.
Result<std::shared_ptr<lake::Table>> open_table(lake::Lake& lake, const Shape& shape);

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

/// Rows that come, and keys whose earlier rows go.
struct Put {
  const Shape* shape;
  Keys keys;  ///< of all rows that come, and of those that only go
  std::vector<columns::Batch> rows;
  std::string note;  ///< of the commit that ends it; empty: that of before stays
  /// True where it is known that the lake has no row of these keys.
  bool is_new = false;
};
/// Puts them: every key has the rows given and no other ones then, however often it is done. Rows
/// that come and files without their keys: one small file a month is added, nothing is read; else
/// the files that have one of the keys are made again, in their groups. One commit.
Result<PutDone> put(lake::Lake& lake, Put put);

}  // namespace bl::results::replica
