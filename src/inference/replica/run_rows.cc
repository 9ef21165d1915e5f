#include "inference/replica/run_rows.h"

#include <variant>

#include "columns/builders.h"

namespace bl::inference::replica {
namespace {

using columns::ColumnBuilder;
using columns::Kind;
using Builder =
    std::variant<ColumnBuilder<bool>, ColumnBuilder<std::int64_t>, ColumnBuilder<double>,
                 ColumnBuilder<Timestamp>, ColumnBuilder<std::string_view>>;

constexpr std::int64_t k_batch_rows = 16'384;
constexpr std::size_t k_batch_bytes = 32u << 20;

Builder builder_of(Kind kind) {
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

// Rows become batches of a bounded size.
class Batches {
 public:
  explicit Batches(const Shape& shape) : shape_(shape), schema_(shape.schema()) {
    for (const Column& column : shape.columns) builders_.push_back(builder_of(column.kind));
  }

  Result<void> add(const store::Row& row) {
    for (std::size_t i = 0; i < builders_.size(); ++i) add(static_cast<int>(i), row);
    ++rows_;
    if (rows_ < k_batch_rows && bytes_ < k_batch_bytes) return {};
    return finish();
  }
  Result<void> finish() {
    if (rows_ == 0) return {};
    std::vector<columns::ColumnData> data;
    for (Builder& builder : builders_) {
      data.push_back(std::visit([](auto& one) { return one.take(); }, builder));
    }
    BL_TRY(auto batch, columns::Batch::make(schema_, rows_, std::move(data)));
    done.push_back(std::move(batch));
    rows_ = 0;
    bytes_ = 0;
    return {};
  }

  std::vector<columns::Batch> done;

 private:
  void add(int column, const store::Row& row) {
    Builder& builder = builders_[static_cast<std::size_t>(column)];
    const auto put = [&]<class T>(T value) { std::get<ColumnBuilder<T>>(builder).append(value); };
    bytes_ += sizeof(std::int64_t);
    if (row.is_null(column)) {
      std::visit([](auto& one) { one.append_null(); }, builder);
      return;
    }
    switch (shape_.columns[static_cast<std::size_t>(column)].kind) {
      case Kind::boolean:
        return put(row.integer(column) != 0);
      case Kind::int64:
        return put(row.integer(column));
      case Kind::float64:
        return put(row.real(column));
      case Kind::timestamp:
        return put(Timestamp{row.integer(column)});
      default:
        bytes_ += row.text(column).size();
        return put(row.text(column));
    }
  }

  const Shape& shape_;
  const columns::Schema schema_;
  std::vector<Builder> builders_;
  std::int64_t rows_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace

Result<std::vector<columns::Batch>> read_rows(store::Connection& connection, const Shape& shape,
                                              std::span<const std::int64_t> runs) {
  Batches batches(shape);
  if (runs.empty()) return std::move(batches.done);
  std::optional<Error> fault;
  BL_RETURN_IF_ERROR(connection.query_text(shape.select(runs, connection.dialect()), {},
                                           [&](const store::Row& row) {
                                             auto added = batches.add(row);
                                             if (!added.ok()) fault = std::move(added).error();
                                             return !fault;
                                           }));
  if (fault) return *std::move(fault);
  BL_RETURN_IF_ERROR(batches.finish());
  return std::move(batches.done);
}

}  // namespace bl::inference::replica
