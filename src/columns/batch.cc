#include "columns/batch.h"

#include <arrow/array/array_base.h>
#include <arrow/array/array_nested.h>
#include <arrow/array/concatenate.h>
#include <arrow/array/data.h>
#include <arrow/array/util.h>
#include <arrow/buffer.h>
#include <arrow/compare.h>
#include <arrow/pretty_print.h>
#include <arrow/scalar.h>
#include <arrow/util/byte_size.h>
#include <fmt/format.h>

#include <numeric>

#include "base/utf8.h"
#include "columns/arrow/bridge.h"

namespace bl::columns {
namespace {

/// Arrow's buffer over memory of ours.
class TakenBuffer final : public arrow::Buffer {
 public:
  explicit TakenBuffer(columns::Buffer buffer)
      : arrow::Buffer(buffer.data(), static_cast<std::int64_t>(buffer.size())),
        owned_(std::move(buffer)) {}

 private:
  columns::Buffer owned_;
};

std::shared_ptr<arrow::Buffer> taken(columns::Buffer buffer) {
  return std::make_shared<TakenBuffer>(std::move(buffer));
}

std::shared_ptr<arrow::ArrayData> to_arrow_data(const std::shared_ptr<arrow::DataType>& type,
                                                ColumnData column) {
  std::vector<std::shared_ptr<arrow::Buffer>> buffers;
  buffers.push_back(column.null_count > 0 ? taken(std::move(column.validity)) : nullptr);
  for (auto& buffer : column.buffers) buffers.push_back(taken(std::move(buffer)));
  auto data = arrow::ArrayData::Make(type, column.rows, std::move(buffers), column.null_count);
  for (std::size_t i = 0; i < column.children.size(); ++i) {
    data->child_data.push_back(
        to_arrow_data(type->field(static_cast<int>(i))->type(), std::move(column.children[i])));
  }
  return data;
}

/// Most texts are, and need no second look.
bool is_ascii(std::string_view text) {
  std::uint64_t seen = 0;
  std::size_t i = 0;
  for (; i + 8 <= text.size(); i += 8) {
    std::uint64_t word;
    std::memcpy(&word, text.data() + i, 8);
    seen |= word;
  }
  for (; i < text.size(); ++i) seen |= static_cast<unsigned char>(text[i]);
  return (seen & 0x8080808080808080u) == 0;
}

/// Every row of a text column is UTF-8: the bytes as a whole, and no row begins within a character.
bool texts_are_utf8(const ColumnData& column) {
  const Buffer& offsets = column.buffers[0];
  const Buffer& bytes = column.buffers[1];
  const std::string_view all(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (is_ascii(all)) return true;
  if (!is_utf8(all)) return false;
  const auto* at = reinterpret_cast<const std::int32_t*>(offsets.data());
  for (std::int64_t i = 0; i < column.rows; ++i) {
    const auto begin = static_cast<std::size_t>(at[i]);
    if (begin < all.size() && (static_cast<unsigned char>(all[begin]) & 0xc0) == 0x80) return false;
  }
  return true;
}

arrow::Result<std::shared_ptr<arrow::Array>> empty_lists(
    const std::shared_ptr<arrow::DataType>& type, std::int64_t rows) {
  ARROW_ASSIGN_OR_RAISE(const auto none, arrow::MakeEmptyArray(type->field(0)->type()));
  return arrow::MakeArrayFromScalar(arrow::ListScalar(none, type), rows);
}

Result<void> check_texts(const Field& field, const ColumnData& column) {
  if (field.type.kind == Kind::text && !texts_are_utf8(column)) {
    return Error{Code::invalid, "a text is not UTF-8, in the column: " + field.name};
  }
  const std::size_t children = std::min(field.type.children.size(), column.children.size());
  for (std::size_t i = 0; i < children; ++i) {
    auto checked = check_texts(field.type.children[i], column.children[i]);
    if (!checked.ok()) return std::move(checked).error().with_context(field.name);
  }
  return {};
}

}  // namespace

Result<void> Column::expect_width(std::size_t bytes) const {
  if (static_cast<std::size_t>(raw_.other_bytes) == bytes) return {};
  return Error{Code::invalid,
               fmt::format("values of another width than {} bytes: {}", bytes, type_.text())};
}

Result<void> Column::expect(Kind kind) const {
  if (type_.kind == kind) return {};
  return Error{Code::invalid, fmt::format("a column of {} was asked for, it is of: {}",
                                          name_of(kind), type_.text())};
}

Column Column::child(int index) const {
  BL_CHECK(index >= 0 && index < static_cast<int>(type_.children.size()));
  const auto& data = ArrowBridge::data(*this);
  const Type& type = type_.children[static_cast<std::size_t>(index)].type;
  switch (type_.kind) {
    case Kind::list:
      return ArrowBridge::column(data.child_data[0], type);
    case Kind::structure: {
      auto whole = data.child_data[static_cast<std::size_t>(index)];
      return ArrowBridge::column(whole->Slice(data.offset, data.length), type);
    }
    default: {
      const auto& entries = data.child_data[0];
      auto whole = entries->child_data[static_cast<std::size_t>(index)];
      return ArrowBridge::column(whole->Slice(entries->offset, entries->length), type);
    }
  }
}

std::int64_t Column::list_begin(std::int64_t row) const {
  BL_CHECK(type_.kind == Kind::list || type_.kind == Kind::map);
  return raw_.offsets[raw_.offset + row];
}

std::int64_t Column::list_size(std::int64_t row) const {
  BL_CHECK(type_.kind == Kind::list || type_.kind == Kind::map);
  const std::int32_t* at = raw_.offsets + raw_.offset + row;
  return at[1] - at[0];
}

Batch Batch::empty(const Schema& schema) {
  const auto& native = ArrowBridge::schema(schema);
  return ArrowBridge::batch(arrow::RecordBatch::MakeEmpty(native).ValueOrDie(), schema);
}

Result<Batch> Batch::make(const Schema& schema, std::int64_t rows,
                          std::vector<ColumnData> columns) {
  BL_CHECK(static_cast<int>(columns.size()) == schema.columns());
  const auto& native = ArrowBridge::schema(schema);
  std::vector<std::shared_ptr<arrow::ArrayData>> arrays;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    BL_CHECK(columns[i].rows == rows);
    BL_RETURN_IF_ERROR(check_texts(schema.fields()[i], columns[i]));
    arrays.push_back(
        to_arrow_data(native->field(static_cast<int>(i))->type(), std::move(columns[i])));
  }
  return ArrowBridge::batch(arrow::RecordBatch::Make(native, rows, std::move(arrays)), schema);
}

Column Batch::column(int index) const {
  BL_CHECK(index >= 0 && index < columns());
  return ArrowBridge::column(ArrowBridge::batch(*this)->column_data(index),
                             schema_.fields()[static_cast<std::size_t>(index)].type);
}

Result<Column> Batch::column(std::string_view name) const {
  const auto index = schema_.find(name);
  if (!index) return Error{Code::not_found, fmt::format("no such column: {}", name)};
  return column(*index);
}

Batch Batch::slice(std::int64_t from, std::int64_t count) const {
  BL_CHECK(from >= 0 && count >= 0 && from <= rows_ && count <= rows_ - from);
  if (from == 0 && count == rows_) return *this;
  return ArrowBridge::batch(ArrowBridge::batch(*this)->Slice(from, count), schema_);
}

Result<Batch> Batch::select(std::span<const std::string> names) const {
  std::vector<int> indices;
  for (const auto& name : names) {
    const auto index = schema_.find(name);
    if (!index) return Error{Code::not_found, "no such column: " + name};
    indices.push_back(*index);
  }
  auto native = ArrowBridge::batch(*this)->SelectColumns(indices);
  if (!native.ok()) return error_of(Code::invalid, native.status());
  BL_TRY(Schema chosen, ArrowBridge::schema((*native)->schema(), {}));
  return ArrowBridge::batch(*native, chosen);
}

Result<Batch> Batch::with_schema(const Schema& schema) const {
  const auto& from = schema_.fields();
  const auto& to = schema.fields();
  if (from.size() != to.size()) {
    return Error{Code::invalid, "a batch has other columns than its new schema: " + schema.text()};
  }
  const auto native = ArrowBridge::batch(*this);
  for (std::size_t i = 0; i < from.size(); ++i) {
    const bool nulls = !to[i].nullable && native->column_data(static_cast<int>(i))->GetNullCount();
    if (from[i].type != to[i].type || nulls) {
      return Error{Code::invalid,
                   fmt::format("a column of {} does not fit {} {}", from[i].type.text(), to[i].name,
                               to[i].type.text() + (nulls ? " not null" : ""))};
    }
  }
  return ArrowBridge::batch(
      arrow::RecordBatch::Make(ArrowBridge::schema(schema), rows_, native->column_data()), schema);
}

Result<Batch> Batch::widen(const Schema& schema) const {
  const auto& from = schema_.fields();
  const auto& to = schema.fields();
  bool fits = from.size() <= to.size();
  for (std::size_t i = 0; fits && i < from.size(); ++i) fits = from[i].name == to[i].name;
  if (!fits) {
    return Error{Code::invalid, fmt::format("the columns ({}) are no beginning of ({})",
                                            schema_.text(), schema.text())};
  }
  const auto behind = to.begin() + std::ssize(from);
  BL_TRY(const Schema head, Schema::make({to.begin(), behind}));
  BL_TRY(const Batch same, with_schema(head));
  auto columns = ArrowBridge::batch(same)->columns();
  const auto& native = ArrowBridge::schema(schema);
  for (auto field = behind; field != to.end(); ++field) {
    const auto& type = native->field(static_cast<int>(columns.size()))->type();
    if (!field->nullable && field->type.kind != Kind::list) {
      return Error{Code::invalid, "rows have no value for the column: " + field->name};
    }
    auto made = field->nullable ? arrow::MakeArrayOfNull(type, rows_) : empty_lists(type, rows_);
    if (!made.ok()) return error_of(Code::invalid, made.status());
    columns.push_back(*std::move(made));
  }
  return ArrowBridge::batch(arrow::RecordBatch::Make(native, rows_, std::move(columns)), schema);
}

std::uint64_t Batch::bytes() const {
  const auto bytes = arrow::util::ReferencedBufferSize(*ArrowBridge::batch(*this));
  return bytes.ok() ? static_cast<std::uint64_t>(*bytes) : 0;
}

bool Batch::operator==(const Batch& other) const {
  if (schema_ != other.schema_ || rows_ != other.rows_) return false;
  const auto mine = ArrowBridge::batch(*this);
  const auto theirs = ArrowBridge::batch(other);
  return mine->Equals(*theirs, false, arrow::EqualOptions::Defaults().nans_equal(true));
}

std::string Batch::text(std::int64_t rows_max) const {
  const Batch shown = slice(0, std::min(rows_, rows_max));
  return valid_utf8(ArrowBridge::batch(shown)->ToString());
}

Result<Batch> concatenate(std::span<const Batch> batches) {
  if (batches.empty()) return Error{Code::invalid, "there are no batches to join"};
  if (batches.size() == 1) return batches[0];
  const Schema& schema = batches[0].schema();
  std::int64_t rows = 0;
  for (const auto& batch : batches) {
    if (batch.schema() != schema) {
      return Error{Code::invalid, "batches of several schemas: " + batch.schema().text()};
    }
    rows += batch.rows();
  }
  std::vector<std::shared_ptr<arrow::Array>> columns;
  for (int i = 0; i < schema.columns(); ++i) {
    arrow::ArrayVector parts;
    for (const auto& batch : batches) parts.push_back(ArrowBridge::batch(batch)->column(i));
    auto joined = arrow::Concatenate(parts);
    if (!joined.ok()) return error_of(Code::invalid, joined.status());
    columns.push_back(std::move(*joined));
  }
  return ArrowBridge::batch(
      arrow::RecordBatch::Make(ArrowBridge::schema(schema), rows, std::move(columns)), schema);
}

}  // namespace bl::columns
