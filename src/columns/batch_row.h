#pragma once

#include <string_view>
#include <variant>
#include <vector>

#include "columns/batch.h"

/// Rows of a batch one at a time, for readers of rows: what a row means is written once, wherever
/// it comes from.
namespace bl::columns {

/// The cells of one row of a batch. Instants are their microseconds, truth is 0 or 1; null gives 0
/// or "". A cell of another type than asked for is a programmer's error. One thread.
class BatchCells {
 public:
  /// Errors: internal (a column of a kind that no reader takes).
  static Result<BatchCells> over(const Batch& batch);
  void go_to(std::int64_t row) { row_ = row; }

  bool is_null(int column) const;
  std::int64_t integer(int column) const;
  double real(int column) const;
  std::string_view text(int column) const;

 private:
  using Cells = std::variant<View<bool>, View<std::int64_t>, View<double>, View<Timestamp>,
                             View<std::string_view>>;
  explicit BatchCells(const Batch& batch) : batch_(batch) {}
  const Cells& cells(int column) const { return columns_[static_cast<std::size_t>(column)]; }

  Batch batch_;
  std::vector<Cells> columns_;
  std::int64_t row_ = 0;
};

/// The same as an implementation of a row that others defined, such as store::Row.
template <class Row>
class BatchRow final : public Row {
 public:
  explicit BatchRow(BatchCells cells) : cells_(std::move(cells)) {}
  void go_to(std::int64_t row) { cells_.go_to(row); }
  bool is_null(int column) const override { return cells_.is_null(column); }
  std::int64_t integer(int column) const override { return cells_.integer(column); }
  double real(int column) const override { return cells_.real(column); }
  std::string_view text(int column) const override { return cells_.text(column); }

 private:
  BatchCells cells_;
};

/// Calls `each` with every row, as a `Row`, until it fails.
template <class Row, class Each>
Result<void> for_each_row(const Batch& batch, const Each& each) {
  BL_TRY(BatchCells cells, BatchCells::over(batch));
  BatchRow<Row> row(std::move(cells));
  for (std::int64_t i = 0; i < batch.rows(); ++i) {
    row.go_to(i);
    BL_RETURN_IF_ERROR(each(static_cast<const Row&>(row)));
  }
  return {};
}

}  // namespace bl::columns
