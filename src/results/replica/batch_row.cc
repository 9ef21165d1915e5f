#include "results/replica/batch_row.h"

namespace bl::results::replica {

using columns::Kind;

Result<BatchRow> BatchRow::over(const columns::Batch& batch) {
  BatchRow row(batch);
  for (int i = 0; i < batch.columns(); ++i) {
    const columns::Column column = batch.column(i);
    const auto add = [&](auto view) -> Result<void> {
      if (!view.ok()) return std::move(view).error();
      row.views_.emplace_back(*std::move(view));
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

bool BatchRow::is_null(int column) const {
  return std::visit([&](const auto& view) { return view.is_null(row_); }, view(column));
}

std::int64_t BatchRow::integer(int column) const {
  if (is_null(column)) return 0;
  if (const auto* truth = std::get_if<columns::View<bool>>(&view(column))) return (*truth)[row_];
  if (const auto* time = std::get_if<columns::View<Timestamp>>(&view(column))) {
    return (*time)[row_].micros;
  }
  const auto* number = std::get_if<columns::View<std::int64_t>>(&view(column));
  BL_CHECK(number != nullptr);
  return (*number)[row_];
}

double BatchRow::real(int column) const {
  if (is_null(column)) return 0;
  const auto* number = std::get_if<columns::View<double>>(&view(column));
  BL_CHECK(number != nullptr);
  return (*number)[row_];
}

std::string_view BatchRow::text(int column) const {
  if (is_null(column)) return {};
  const auto* text = std::get_if<columns::View<std::string_view>>(&view(column));
  BL_CHECK(text != nullptr);
  return (*text)[row_];
}

}  // namespace bl::results::replica
