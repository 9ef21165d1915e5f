#include "columns/ipc_messages.h"

#include <arrow/array/data.h>
#include <arrow/buffer.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/writer.h>
#include <arrow/memory_pool.h>
#include <arrow/util/bitmap_ops.h>
#include <arrow/util/decimal.h>
#include <arrow/util/key_value_metadata.h>
#include <fmt/format.h>

#include <algorithm>

#include "columns/arrow/bridge.h"
#include "columns/arrow/write_options.h"

namespace bl::columns {
namespace {

using ArrayPointer = std::shared_ptr<arrow::ArrayData>;
constexpr std::int64_t k_micros_max = INT64_MAX / 1000;

bool is_interval(const Type& type) {
  return type.kind == Kind::structure && type.children.size() == 3 &&
         type.children[0].type.kind == Kind::int32 && type.children[1].type.kind == Kind::int32 &&
         type.children[2].type.kind == Kind::int64;
}

/// The type that a column goes out as.
Result<std::shared_ptr<arrow::Field>> native_field(const WireField& wire, const Type& type) {
  const auto unfit = [&] {
    return Error{Code::invalid,
                 fmt::format("a form that does not fit the column {}: {}", wire.name, type.text())};
  };
  std::shared_ptr<arrow::DataType> native;
  if (wire.form == WireField::Form::month_day_nano) {
    if (!is_interval(type)) return unfit();
    native = arrow::month_day_nano_interval();
  } else if (wire.form == WireField::Form::decimal256) {
    if (type.kind != Kind::decimal || wire.precision < 1 || wire.precision > 76 ||
        wire.scale < type.scale || wire.scale > wire.precision) {
      return unfit();
    }
    native = arrow::decimal256(wire.precision, wire.scale);
  } else if (type.kind == Kind::list || type.kind == Kind::structure) {
    if (wire.children.size() != type.children.size()) return unfit();
    std::vector<std::shared_ptr<arrow::Field>> children;
    for (std::size_t i = 0; i < type.children.size(); ++i) {
      BL_TRY(auto child, native_field(wire.children[i], type.children[i].type));
      children.push_back(std::move(child));
    }
    native = type.kind == Kind::list ? arrow::list(children[0]) : arrow::struct_(children);
  } else {
    if (!wire.children.empty()) return unfit();
    native = to_arrow(type);
  }
  std::shared_ptr<arrow::KeyValueMetadata> metadata;
  if (!wire.metadata.empty()) {
    metadata = std::make_shared<arrow::KeyValueMetadata>();
    for (const auto& [key, value] : wire.metadata) metadata->Append(key, value);
  }
  return arrow::field(wire.name, std::move(native), wire.nullable, std::move(metadata));
}

bool changes(const WireField& wire) {
  return wire.form != WireField::Form::as_is || std::ranges::any_of(wire.children, changes);
}

Result<std::shared_ptr<arrow::Buffer>> memory(std::int64_t bytes) {
  auto buffer = arrow::AllocateBuffer(bytes);
  if (!buffer.ok()) return error_of(Code::internal, buffer.status());
  return std::shared_ptr<arrow::Buffer>(std::move(*buffer));
}

/// The rows' validity from bit 0 on; null when no row is null.
Result<std::shared_ptr<arrow::Buffer>> validity_of(const arrow::ArrayData& data) {
  if (data.GetNullCount() == 0 || data.buffers[0] == nullptr) {
    return std::shared_ptr<arrow::Buffer>();
  }
  auto copy = arrow::internal::CopyBitmap(arrow::default_memory_pool(), data.buffers[0]->data(),
                                          data.offset, data.length);
  if (!copy.ok()) return error_of(Code::internal, copy.status());
  return std::move(*copy);
}

Result<ArrayPointer> as_decimal256(const arrow::ArrayData& data, const WireField& wire, int scale) {
  BL_TRY(auto values, memory(data.length * 32));
  BL_TRY(auto validity, validity_of(data));
  const std::uint8_t* from = data.buffers[1]->data() + data.offset * 16;
  for (std::int64_t row = 0; row < data.length; ++row) {
    const arrow::Decimal256 value(arrow::Decimal128(from + row * 16));
    const arrow::Decimal256 wide(value.IncreaseScaleBy(wire.scale - scale));
    wide.ToBytes(values->mutable_data() + row * 32);
  }
  return arrow::ArrayData::Make(arrow::decimal256(wire.precision, wire.scale), data.length,
                                {std::move(validity), std::move(values)});
}

Result<ArrayPointer> as_month_day_nano(const arrow::ArrayData& data) {
  using MonthDayNanos = arrow::MonthDayNanoIntervalType::MonthDayNanos;
  BL_TRY(auto values, memory(data.length * static_cast<std::int64_t>(sizeof(MonthDayNanos))));
  BL_TRY(auto validity, validity_of(data));
  const std::int64_t offset = data.offset;
  const auto* months = data.child_data[0]->GetValues<std::int32_t>(1) + offset;
  const auto* days = data.child_data[1]->GetValues<std::int32_t>(1) + offset;
  const auto* micros = data.child_data[2]->GetValues<std::int64_t>(1) + offset;
  auto* to = reinterpret_cast<MonthDayNanos*>(values->mutable_data());
  for (std::int64_t row = 0; row < data.length; ++row) {
    if (micros[row] > k_micros_max || micros[row] < -k_micros_max) {
      return Error{Code::invalid,
                   fmt::format("an interval of more time than Arrow holds: {} us", micros[row])};
    }
    to[row] = {months[row], days[row], micros[row] * 1000};
  }
  return arrow::ArrayData::Make(arrow::month_day_nano_interval(), data.length,
                                {std::move(validity), std::move(values)});
}

Result<ArrayPointer> converted(const ArrayPointer& data, const WireField& wire, const Type& type);

/// Offsets from 0 on, and the elements that they mean.
Result<ArrayPointer> converted_list(const arrow::ArrayData& data, const WireField& wire,
                                    const Type& type) {
  BL_TRY(auto offsets, memory((data.length + 1) * 4));
  BL_TRY(auto validity, validity_of(data));
  auto* to = reinterpret_cast<std::int32_t*>(offsets->mutable_data());
  const auto* from = data.length > 0 ? data.GetValues<std::int32_t>(1) : nullptr;
  const std::int32_t first = from != nullptr ? from[0] : 0;
  to[0] = 0;
  for (std::int64_t row = 1; row <= data.length; ++row) to[row] = from[row] - first;
  const auto elements = data.child_data[0]->Slice(first, to[data.length]);
  BL_TRY(auto child, converted(elements, wire.children[0], type.children[0].type));
  const auto native = arrow::list(child->type);
  return arrow::ArrayData::Make(native, data.length, {std::move(validity), std::move(offsets)},
                                {std::move(child)});
}

Result<ArrayPointer> converted(const ArrayPointer& data, const WireField& wire, const Type& type) {
  if (!changes(wire)) return data;
  if (wire.form == WireField::Form::decimal256) return as_decimal256(*data, wire, type.scale);
  if (wire.form == WireField::Form::month_day_nano) return as_month_day_nano(*data);
  if (type.kind == Kind::list) return converted_list(*data, wire, type);
  BL_TRY(auto validity, validity_of(*data));
  std::vector<ArrayPointer> children;
  std::vector<std::shared_ptr<arrow::Field>> fields;
  for (std::size_t i = 0; i < type.children.size(); ++i) {
    const auto part = data->child_data[i]->Slice(data->offset, data->length);
    BL_TRY(auto child, converted(part, wire.children[i], type.children[i].type));
    fields.push_back(arrow::field(wire.children[i].name, child->type));
    children.push_back(std::move(child));
  }
  return arrow::ArrayData::Make(arrow::struct_(std::move(fields)), data->length,
                                {std::move(validity)}, std::move(children));
}

std::string text_of(const arrow::Buffer& buffer) {
  return {reinterpret_cast<const char*>(buffer.data()), static_cast<std::size_t>(buffer.size())};
}

}  // namespace

Result<IpcMessages> IpcMessages::make(const Schema& schema, std::vector<WireField> fields,
                                      IpcCompression compression) {
  if (fields.size() != schema.fields().size()) {
    return Error{Code::invalid, "other columns than the schema's: " + schema.text()};
  }
  std::vector<std::shared_ptr<arrow::Field>> native;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    BL_TRY(auto field, native_field(fields[i], schema.fields()[i].type));
    native.push_back(std::move(field));
  }
  IpcMessages out;
  out.schema_ = schema;
  out.fields_ = std::move(fields);
  out.compression_ = compression;
  const auto whole = arrow::schema(std::move(native));
  const auto message = arrow::ipc::SerializeSchema(*whole);
  if (!message.ok()) return error_of(Code::invalid, message.status());
  out.schema_message_ = text_of(**message);
  out.native_ = whole;
  return out;
}

Result<std::string> IpcMessages::batch_message(const Batch& batch) const {
  if (batch.schema() != schema_) {
    return Error{Code::invalid, "a batch of another schema: " + batch.schema().text()};
  }
  const auto native = ArrowBridge::batch(batch);
  std::vector<ArrayPointer> columns;
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    BL_TRY(auto column, converted(native->column_data(static_cast<int>(i)), fields_[i],
                                  schema_.fields()[i].type));
    columns.push_back(std::move(column));
  }
  auto schema = std::const_pointer_cast<arrow::Schema>(
      std::static_pointer_cast<const arrow::Schema>(native_));
  const auto out = arrow::RecordBatch::Make(std::move(schema), batch.rows(), std::move(columns));
  const auto message = arrow::ipc::SerializeRecordBatch(*out, write_options(compression_));
  if (!message.ok()) return error_of(Code::invalid, message.status());
  return text_of(**message);
}

}  // namespace bl::columns
