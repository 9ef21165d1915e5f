#include "bigquery/rows/row_builder.h"

#include <fmt/format.h>

#include "base/utf8.h"
#include "bigquery/lake_schema.h"

namespace bl::bigquery {

TableField RowBuilder::root_field(const TableSchema& schema) {
  TableField root;
  root.type = FieldType::record;
  root.fields = schema.fields;
  return root;
}

RowBuilder::RowBuilder(const TableSchema& schema, const RowLimits& limits, DefaultValues defaults)
    : limits_(limits),
      defaults_(std::move(defaults)),
      table_(root_field(schema)),
      root_(table_, bytes_) {}

void RowBuilder::fault_at(std::string location, std::string message) {
  if (bad_.empty() || bad_.back() != row_) {
    bad_.push_back(row_);
    faults_of_row_ = 0;
  }
  if (++faults_of_row_ > limits_.faults_of_a_row_max) return;
  bytes_ += location.size() + message.size() + sizeof(RowFault);
  faults_.push_back({row_, std::move(location), std::move(message)});
}

std::string RowBuilder::location() const {
  std::string out;
  for (const TableField* field : place_) {
    if (!out.empty()) out += '.';
    out += field->name;
  }
  return out;
}

std::string RowBuilder::quoted(std::string_view value) const {
  std::string out = valid_utf8(value.substr(0, limits_.fault_value_bytes_max));
  if (value.size() > limits_.fault_value_bytes_max) out += "...";
  return out;
}

void RowBuilder::put_absent(FieldColumn& column) {
  column.put_missing();
  if (column.field().mode != FieldMode::required) return;
  enter(column.field());
  fault(fmt::format("Missing required field: {}.", location()));
  leave();
}

void RowBuilder::put_missing(FieldColumn& column) {
  if (column.field().default_expression.empty() || !defaults_) {
    put_absent(column);
    return;
  }
  const auto value = defaults_(column.field());
  if (value.ok()) {
    put_json(*this, column, *value, /*ignore_unknown=*/false);
    return;
  }
  column.put_missing();
  enter(column.field());
  fault(fmt::format("The default value cannot be had: {}", value.error().message));
  leave();
}

void RowBuilder::complete(FieldColumn& record, std::int64_t rows) {
  for (FieldColumn& child : record.children()) {
    if (child.rows() < rows) put_missing(child);
  }
}

Result<RowsIn> RowBuilder::finish() {
  if (is_full()) {
    return Error{Code::too_large, fmt::format("rows that take more bytes of memory than: {}",
                                              limits_.memory_bytes_max)};
  }
  TableSchema schema{table_.fields};
  BL_TRY(const columns::Schema lake, lake_schema_of(schema));
  std::vector<columns::ColumnData> taken;
  for (FieldColumn& column : root_.children()) taken.push_back(column.take());
  BL_TRY(columns::Batch batch, columns::Batch::make(lake, row_, std::move(taken)));
  if (!bad_.empty()) {
    std::vector<columns::Batch> good;
    std::int64_t from = 0;
    for (const std::int64_t row : bad_) {
      if (row > from) good.push_back(batch.slice(from, row - from));
      from = row + 1;
    }
    if (row_ > from) good.push_back(batch.slice(from, row_ - from));
    if (good.empty()) {
      batch = columns::Batch::empty(lake);
    } else {
      BL_TRY(batch, columns::concatenate(good));
    }
  }
  return RowsIn{std::move(batch), std::move(faults_), std::move(bad_)};
}

}  // namespace bl::bigquery
