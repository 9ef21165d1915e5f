#include "columns/batch_row.h"

namespace bl::columns {

Result<BatchCells> BatchCells::over(const Batch& batch) {
  BatchCells row(batch);
  for (int i = 0; i < batch.columns(); ++i) {
    const Column column = batch.column(i);
    const auto add = [&](auto view) -> Result<void> {
      if (!view.ok()) return std::move(view).error();
      row.columns_.emplace_back(*std::move(view));
      return {};
    };
    switch (column.type().kind) {
      case Kind::boolean:
        BL_RETURN_IF_ERROR(add(column.as<bool>()));
        break;
      case Kind::int64:
        BL_RETURN_IF_ERROR(add(column.as<std::int64_t>()));
        break;
      case Kind::float64:
        BL_RETURN_IF_ERROR(add(column.as<double>()));
        break;
      case Kind::timestamp:
        BL_RETURN_IF_ERROR(add(column.as<Timestamp>()));
        break;
      case Kind::text:
        BL_RETURN_IF_ERROR(add(column.as<std::string_view>()));
        break;
      default:
        return Error{Code::internal,
                     "a reader of the lake takes no column of the type: " + column.type().text()};
    }
  }
  return row;
}

bool BatchCells::is_null(int column) const {
  return std::visit([&](const auto& view) { return view.is_null(row_); }, cells(column));
}

std::int64_t BatchCells::integer(int column) const {
  if (is_null(column)) return 0;
  if (const auto* truth = std::get_if<View<bool>>(&cells(column))) return (*truth)[row_];
  if (const auto* time = std::get_if<View<Timestamp>>(&cells(column))) {
    return (*time)[row_].micros;
  }
  const auto* number = std::get_if<View<std::int64_t>>(&cells(column));
  BL_CHECK(number != nullptr);
  return (*number)[row_];
}

double BatchCells::real(int column) const {
  if (is_null(column)) return 0;
  const auto* number = std::get_if<View<double>>(&cells(column));
  BL_CHECK(number != nullptr);
  return (*number)[row_];
}

std::string_view BatchCells::text(int column) const {
  if (is_null(column)) return {};
  const auto* text = std::get_if<View<std::string_view>>(&cells(column));
  BL_CHECK(text != nullptr);
  return (*text)[row_];
}

}  // namespace bl::columns
