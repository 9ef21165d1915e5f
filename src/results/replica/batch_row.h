#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "columns/batch.h"
#include "store/database.h"

/// Rows of the lake where the store's readers of rows want one: what a row means is written once.
/// Private to the replica.
namespace bl::results::replica {

/// One row of a batch. Instants are their microseconds, truth is 0 or 1. One thread.
class BatchRow final : public store::Row {
 public:
  /// Errors: internal (a column of a kind that no reader takes).
  static Result<BatchRow> over(const columns::Batch& batch);
  void go_to(std::int64_t row) { row_ = row; }

  bool is_null(int column) const override;
  std::int64_t integer(int column) const override;
  double real(int column) const override;
  std::string_view text(int column) const override;

 private:
  using View = std::variant<columns::View<bool>, columns::View<std::int64_t>, columns::View<double>,
                            columns::View<Timestamp>, columns::View<std::string_view>>;
  explicit BatchRow(const columns::Batch& batch) : batch_(batch) {}
  const View& view(int column) const { return views_[static_cast<std::size_t>(column)]; }

  columns::Batch batch_;
  std::vector<View> views_;
  std::int64_t row_ = 0;
};

/// Calls `each` for every row until it fails.
template <class Each>
Result<void> for_each_row(const columns::Batch& batch, const Each& each) {
  BL_TRY(BatchRow row, BatchRow::over(batch));
  for (std::int64_t i = 0; i < batch.rows(); ++i) {
    row.go_to(i);
    BL_RETURN_IF_ERROR(each(static_cast<const store::Row&>(row)));
  }
  return {};
}

}  // namespace bl::results::replica
