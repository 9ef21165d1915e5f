#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "inference/stored.h"
#include "store/database.h"

/// Rows of one run in one table, written so that what is equal is not touched: the stored rows are
/// read and compared, new ones go in at once, others are changed. Whoever writes holds the run
/// (sweep_writer.cc), so nobody else writes these rows meanwhile. Private to the store's side.
namespace bl::inference {

/// Appends an integer, text or null to a key, given or stored. Of columns of the same types: equal
/// keys <=> equal values, a null equal to a null.
void append_key(std::string& key, const store::Param& param);
void append_key(std::string& key, const store::Row& row, int column);

/// A table whose rows belong to runs: the members of its natural key beside the run, then its
/// values. Static objects: the statements are made once.
class RunTable {
 public:
  /// `name` as it is behind the prefix: `point`. The last `not_compared` of the values are told
  /// apart by those before them (a content by its digest).
  RunTable(std::string_view name, std::initializer_list<std::string_view> keys,
           std::initializer_list<std::string_view> values, std::size_t not_compared = 0)
      : RunTable(name, keys, values, not_compared, {}) {}
  /// `hot`: columns that hold members of the document `metrics`, which is among the values. On
  /// PostgreSQL they are generated.
  RunTable(std::string_view name, std::initializer_list<std::string_view> keys,
           std::initializer_list<std::string_view> values, std::size_t not_compared,
           std::span<const std::string_view> hot);

  RunTable(const RunTable&) = delete;
  RunTable& operator=(const RunTable&) = delete;

  std::size_t keys() const { return keys_; }
  std::size_t columns() const { return columns_.size() - 1; }
  std::size_t compared() const { return compared_; }
  store::Sql stored() const;  ///< id, keys, compared values, of run $1
  store::Sql change() const;  ///< values, then id
  /// The keys, the values, run_id.
  Result<void> add(store::Connection& connection, const store::ParamRows& rows) const;

 private:
  store::Sql table() const { return {table_[0].c_str(), table_[1].c_str()}; }

  std::size_t keys_, compared_;
  std::string table_[2], stored_[2], change_[2];  // SQLite, PostgreSQL
  std::string add_;                               // SQLite
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
