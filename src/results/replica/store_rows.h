#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "columns/batch.h"
#include "columns/batch_builder.h"
#include "results/replica/tables.h"
#include "store/database.h"

/// Rows of the store as batches of the lake's tables. Private to the replica.
namespace bl::results::replica {

/// The first or the last 64 bits of an id; nothing when it is not 32 lower-case hex digits.
struct IdBits {
  std::int64_t high = 0, low = 0;
};
std::optional<IdBits> bits_of(std::string_view id);
std::string id_of(IdBits bits);
/// What Make::key makes.
std::int64_t key_of(std::string_view text);
/// 202408 of an instant in August 2024, UTC.
std::int64_t month_of(Timestamp time);
/// The first instant of such a month.
Timestamp begin_of(std::int64_t month);
/// The month after it.
std::int64_t next_month(std::int64_t month);

/// Which number each repository has. A text that has none gets the next one, which must be in the
/// lake before any row that names it.
class Repositories {
 public:
  void know(std::int64_t number, std::string repository);
  std::int64_t number_of(std::string_view repository);
  /// Those that the lake does not have yet, as rows of `repositories`.
  Result<std::vector<columns::Batch>> new_rows() const;
  std::vector<std::int64_t> new_numbers() const;
  void published() { new_.clear(); }
  void clear();

 private:
  std::map<std::string, std::int64_t, std::less<>> numbers_;
  std::map<std::int64_t, std::string> new_;
  std::int64_t last_ = 0;
};

struct RowLimits {
  std::int64_t batch_rows_max = 16'384;
  std::size_t batch_bytes_max = 32 << 20;
};

/// Reads one SELECT for one or several shapes over the same tables. One thread.
class StoreRows {
 public:
  StoreRows(std::vector<const Shape*> shapes, Repositories& repositories, store::Dialect dialect,
            RowLimits limits = {});

  /// `select A, B, ... from ...` without a condition, in the store's dialect; what is behind the
  /// columns of the shapes begins at extra_column().
  const std::string& select(std::string_view extra = {});
  int extra_column() const { return static_cast<int>(expressions_.size()); }

  /// Errors: invalid (text that is no UTF-8, with the column).
  Result<void> add(const store::Row& row);
  /// Every row of an answer; `each` sees it before. Errors: as add(), and those of the store.
  Result<void> add_all(store::Connection& connection, const std::string& sql,
                       std::span<const store::Param> params,
                       const std::function<void(const store::Row&)>& each = {});
  std::int64_t rows() const { return rows_; }
  std::size_t bytes() const { return bytes_ + open_bytes(); }
  /// What was added since the last call, of the shape with that place; all of them are taken before
  /// more is added.
  Result<std::vector<columns::Batch>> take(std::size_t shape = 0);
  void clear();

 private:
  struct Target {
    const Shape* shape;
    std::vector<int> sources;  // of each column: which expression
    columns::BatchBuilder open;
    std::vector<columns::Batch> done;
  };
  void add_value(Target& target, std::size_t number, const store::Row& row);
  const std::optional<IdBits>& bits_in(const store::Row& row, int source);
  Result<void> finish_batches();
  std::int64_t open_rows() const { return targets_.front().open.rows(); }
  std::size_t open_bytes() const;

  std::vector<Target> targets_;
  std::vector<std::string> expressions_;
  Repositories& repositories_;
  const store::Dialect dialect_;
  const RowLimits limits_;
  std::string select_;
  std::string text_;  // of a value in the making
  int bits_source_ = -1;
  std::optional<IdBits> bits_;  // of the text of that source, in the row that is being added
  std::int64_t rows_ = 0;
  std::size_t bytes_ = 0;  // of batches that are done
};

}  // namespace bl::results::replica
