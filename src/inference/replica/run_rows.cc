#include "inference/replica/run_rows.h"

#include "columns/batch_builder.h"

namespace bl::inference::replica {
namespace {

using columns::Kind;

constexpr std::int64_t k_batch_rows = 16'384;
constexpr std::size_t k_batch_bytes = 32u << 20;

void put(columns::BatchBuilder& batch, const Shape& shape, std::size_t number,
         const store::Row& row) {
  const int column = static_cast<int>(number);
  if (row.is_null(column)) return batch.put_null(number);
  switch (shape.columns[number].kind) {
    case Kind::boolean:
      return batch.put(number, row.integer(column) != 0);
    case Kind::int64:
      return batch.put(number, row.integer(column));
    case Kind::float64:
      return batch.put(number, row.real(column));
    case Kind::timestamp:
      return batch.put(number, Timestamp{row.integer(column)});
    default:
      return batch.put(number, row.text(column));
  }
}

}  // namespace

Result<std::vector<columns::Batch>> read_rows(store::Connection& connection, const Shape& shape,
                                              std::span<const std::int64_t> runs) {
  std::vector<columns::Batch> batches;
  if (runs.empty()) return batches;
  columns::BatchBuilder open(shape.schema());
  const auto finish = [&]() -> Result<void> {
    if (open.rows() == 0) return {};
    BL_TRY(auto batch, open.finish());
    batches.push_back(std::move(batch));
    return {};
  };
  Result<void> done;
  const auto add = [&](const store::Row& row) {
    for (std::size_t i = 0; i < shape.columns.size(); ++i) put(open, shape, i, row);
    open.end_row();
    if (open.rows() >= k_batch_rows || open.bytes() >= k_batch_bytes) done = finish();
    return done.ok();
  };
  BL_RETURN_IF_ERROR(connection.query_text(shape.select(runs, connection.dialect()), {}, add));
  BL_RETURN_IF_ERROR(std::move(done));
  BL_RETURN_IF_ERROR(finish());
  return batches;
}

}  // namespace bl::inference::replica
