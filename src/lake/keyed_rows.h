#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "duck/value.h"
#include "lake/lake.h"

/// Rows of a table that follows something else: read in our own process, and put by a key, so that
/// doing it again changes nothing. Files are opened where they lie: on this machine's disk.
namespace bl::lake {

/// The table; made when it is not there. Errors: conflict (it is there with another schema), those
/// of the lake.
Result<std::shared_ptr<Table>> ensure_table(Lake& lake, const std::string& name,
                                            const columns::Schema& schema, const Layout& layout);

/// Where the engine opens files of the lake. Errors: unsupported (a lake that is not on a disk).
Result<std::vector<std::string>> paths_of(Lake& lake, std::span<const DataFile* const> files);

/// Reads `select` (over `rows`, those of the files given and of the tail) in batches. Errors:
/// unsupported (a lake that is not on a disk), those of the engine.
Result<void> read_files(Lake& lake, const Snapshot& snapshot,
                        std::span<const DataFile* const> files, std::string_view select,
                        const duck::Values& values,
                        const std::function<Result<void>(const columns::Batch&)>& each);
/// The same of all files.
Result<void> read_table(Lake& lake, const Snapshot& snapshot, std::string_view select,
                        const std::function<Result<void>(const columns::Batch&)>& each);

/// Values of a key column: whole numbers or texts. May repeat.
using Keys = std::variant<std::vector<std::int64_t>, std::vector<std::string>>;
bool is_empty(const Keys& keys);

/// Rows that come, and keys whose earlier rows go.
struct KeyedPut {
  std::string key;  ///< the column
  Keys keys;        ///< of all rows that come, and of those that only go
  struct Part {
    std::string group;  ///< that all its rows belong to; not looked at without group_of
    std::vector<columns::Batch> rows;
  };
  std::vector<Part> parts;
  /// The group of a file, by its key: its rows stay in that group. Empty: the table's layout says
  /// where all rows go.
  std::function<std::string(std::string_view file)> group_of;
  std::string note;     ///< of the commit; empty: that of before stays
  bool is_new = false;  ///< it is known that the lake has no row of these keys
};
struct PutDone {
  std::int64_t rows = 0;
  std::int64_t files_replaced = 0;
  bool committed = false;  ///< false: there was nothing to do, and the note is not kept
};
/// Puts them: every key has the rows given and no other ones then, however often it is done. Files
/// without the keys are not touched; those that have one are made again. One commit. Errors: those
/// of Table::replace and of the engine.
Result<PutDone> put_rows(Lake& lake, Table& table, KeyedPut put);

}  // namespace bl::lake
