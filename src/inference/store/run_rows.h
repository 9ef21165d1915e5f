#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "inference/stored.h"
#include "store/database.h"

/// Rows of one run in one table, written so that what is equal is not touched: the stored rows are
/// read (all of the run's, or by their keys where these are few) and compared, new ones go in at
/// once, others are changed. Whoever writes holds the run (sweep_writer.cc), so nobody else writes
/// these rows meanwhile. Private to the store's side.
namespace bl::inference {

/// Appends an integer, text or null to a key, given or stored. Of columns of the same types: equal
/// keys <=> equal values, a null equal to a null.
void append_key(std::string& key, const store::Param& param);
void append_key(std::string& key, const store::Row& row, int column);

/// A table whose rows belong to runs: the members of its natural key beside the run, then its
/// values. Static objects: the statements are made once.
class RunTable {
 public:
  struct Options {
    /// The last of the values, told apart by those before them (a content by its digest).
    std::size_t not_compared = 0;
    /// Columns that hold members of the document `metrics`, which is among the values. On
    /// PostgreSQL they are generated.
    std::span<const std::string_view> hot = {};
    /// Where a run may have many more rows than are written at once: the condition on $1 (the run)
    /// and the keys that an index serves.
    std::string_view find_on_sqlite = {}, find_on_postgres = {};
  };
  /// `name` as it is behind the prefix: `point`.
  RunTable(std::string_view name, std::initializer_list<std::string_view> keys,
           std::initializer_list<std::string_view> values)
      : RunTable(name, keys, values, Options{}) {}
  RunTable(std::string_view name, std::initializer_list<std::string_view> keys,
           std::initializer_list<std::string_view> values, const Options& options);
  RunTable(const RunTable&) = delete;
  RunTable& operator=(const RunTable&) = delete;

  std::size_t keys() const { return keys_; }
  std::size_t columns() const { return columns_.size() - 1; }
  std::size_t compared() const { return compared_; }
  store::Sql stored() const;  ///< id, keys, compared values, of run $1
  store::Sql change() const;  ///< values, then id
  store::Sql count() const;   ///< of rows of run $1
  /// As stored(), of one key behind the run; for tables that say how.
  std::optional<store::Sql> find() const;
  /// The keys, the values, run_id.
  Result<void> add(store::Connection& connection, const store::ParamRows& rows) const;

 private:
  store::Sql table() const { return {table_[0].c_str(), table_[1].c_str()}; }

  std::size_t keys_, compared_;
  std::string table_[2], stored_[2], change_[2];  // SQLite, PostgreSQL
  std::string count_[2], find_[2];
  std::string add_;  // SQLite
  std::vector<std::string> names_;
  std::vector<store::InsertInto::Column> columns_;  // the keys, the values, run_id
};

/// What a stored row adds to the one that is to replace it: may change the values (not the keys).
/// `row` has the columns of RunTable::stored(). The texts must live until the rows are written.
using MergeStored =
    std::function<Result<void>(std::size_t number, const store::Row& row, std::span<store::Param>)>;

/// `rows`: keys and values; they are overwritten by `merge`. Of equal keys the last counts.
Result<WriteCount> write_run_rows(store::Connection& connection, const RunTable& table,
                                  std::int64_t run_id, std::vector<std::vector<store::Param>>& rows,
                                  const MergeStored& merge = {});

}  // namespace bl::inference
