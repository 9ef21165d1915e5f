#include "columns/batch_builder.h"

namespace bl::columns {

BatchBuilder::Column BatchBuilder::column_of(Kind kind) {
  switch (kind) {
    case Kind::boolean:
      return ColumnBuilder<bool>();
    case Kind::int64:
      return ColumnBuilder<std::int64_t>();
    case Kind::float64:
      return ColumnBuilder<double>();
    case Kind::timestamp:
      return ColumnBuilder<Timestamp>();
    default:
      return ColumnBuilder<std::string_view>();
  }
}

BatchBuilder::BatchBuilder(Schema schema) : schema_(std::move(schema)) {
  for (const Field& field : schema_.fields()) columns_.push_back(column_of(field.type.kind));
}

std::vector<ColumnData> BatchBuilder::take() {
  std::vector<ColumnData> data;
  for (Column& column : columns_) {
    data.push_back(std::visit([](auto& one) { return one.take(); }, column));
  }
  bytes_ = 0;
  return data;
}

Result<Batch> BatchBuilder::finish() {
  return Batch::make(schema_, std::exchange(rows_, 0), take());
}

void BatchBuilder::clear() {
  rows_ = 0;
  (void)take();
}

}  // namespace bl::columns
