#pragma once

#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "columns/batch.h"
#include "columns/builders.h"

namespace bl::columns {

/// A batch in the making whose columns are known when we run; where they are known when we compile,
/// Table (columns/table.h) is the better one. One thread.
class BatchBuilder {
 public:
  /// Columns of truth, int64, float64, timestamps; all others take texts.
  explicit BatchBuilder(Schema schema);

  /// The next value of a column, of its type. Each column gets one before end_row().
  template <class T>
  void put(std::size_t column, T value) {
    std::get<ColumnBuilder<T>>(columns_[column]).append(value);
    if constexpr (std::is_same_v<T, std::string_view>) {
      bytes_ += value.size() + sizeof(std::int32_t);
    } else {
      bytes_ += sizeof(T);
    }
  }
  void put_null(std::size_t column) {
    std::visit([](auto& one) { one.append_null(); }, columns_[column]);
    bytes_ += sizeof(std::int32_t);
  }
  void end_row() { ++rows_; }

  std::int64_t rows() const { return rows_; }
  std::size_t bytes() const { return bytes_; }  ///< in memory, about
  /// The rows so far; begins anew. Errors: as Batch::make.
  Result<Batch> finish();
  void clear();

 private:
  using Column =
      std::variant<ColumnBuilder<bool>, ColumnBuilder<std::int64_t>, ColumnBuilder<double>,
                   ColumnBuilder<Timestamp>, ColumnBuilder<std::string_view>>;
  static Column column_of(Kind kind);
  std::vector<ColumnData> take();

  Schema schema_;
  std::vector<Column> columns_;
  std::int64_t rows_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace bl::columns
