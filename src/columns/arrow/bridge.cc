#include "columns/arrow/bridge.h"

#include <arrow/array/data.h>
#include <arrow/buffer.h>
#include <arrow/util/key_value_metadata.h>

#include <algorithm>

#include "base/utf8.h"
#include "columns/arrow/schema_state.h"

namespace bl::columns {
namespace {

std::shared_ptr<arrow::Field> to_arrow(const Field& field) {
  return arrow::field(field.name, columns::to_arrow(field.type), field.nullable);
}

Field from_arrow(const arrow::Field& field) {
  return {field.name(), columns::from_arrow(*field.type()), field.nullable()};
}

Kind kind_of(const arrow::DataType& type) {
  switch (type.id()) {
      // clang-format off
    case arrow::Type::BOOL: return Kind::boolean;
    case arrow::Type::INT8: return Kind::int8;
    case arrow::Type::INT16: return Kind::int16;
    case arrow::Type::INT32: return Kind::int32;
    case arrow::Type::INT64: return Kind::int64;
    case arrow::Type::UINT8: return Kind::uint8;
    case arrow::Type::UINT16: return Kind::uint16;
    case arrow::Type::UINT32: return Kind::uint32;
    case arrow::Type::UINT64: return Kind::uint64;
    case arrow::Type::FLOAT: return Kind::float32;
    case arrow::Type::DOUBLE: return Kind::float64;
    case arrow::Type::STRING: return Kind::text;
    case arrow::Type::BINARY: return Kind::binary;
    case arrow::Type::DATE32: return Kind::date;
    case arrow::Type::DECIMAL128: return Kind::decimal;
    case arrow::Type::LIST: return Kind::list;
    case arrow::Type::STRUCT: return Kind::structure;
    case arrow::Type::MAP: return Kind::map;
    // clang-format on
    case arrow::Type::TIME64:
      return static_cast<const arrow::Time64Type&>(type).unit() == arrow::TimeUnit::MICRO
                 ? Kind::time
                 : Kind::other;
    case arrow::Type::TIMESTAMP: {
      const auto& stamp = static_cast<const arrow::TimestampType&>(type);
      if (stamp.unit() != arrow::TimeUnit::MICRO) return Kind::other;
      return stamp.timezone().empty() ? Kind::naive_timestamp : Kind::timestamp;
    }
    default:
      return Kind::other;
  }
}

}  // namespace

std::shared_ptr<arrow::DataType> to_arrow(const Type& type) {
  switch (type.kind) {
      // clang-format off
    case Kind::boolean: return arrow::boolean();
    case Kind::int8: return arrow::int8();
    case Kind::int16: return arrow::int16();
    case Kind::int32: return arrow::int32();
    case Kind::int64: return arrow::int64();
    case Kind::uint8: return arrow::uint8();
    case Kind::uint16: return arrow::uint16();
    case Kind::uint32: return arrow::uint32();
    case Kind::uint64: return arrow::uint64();
    case Kind::float32: return arrow::float32();
    case Kind::float64: return arrow::float64();
    case Kind::decimal: return arrow::decimal128(type.precision, type.scale);
    case Kind::text: return arrow::utf8();
    case Kind::binary: return arrow::binary();
    case Kind::date: return arrow::date32();
    case Kind::time: return arrow::time64(arrow::TimeUnit::MICRO);
    case Kind::timestamp: return arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
    case Kind::naive_timestamp: return arrow::timestamp(arrow::TimeUnit::MICRO);
    case Kind::list: return arrow::list(to_arrow(type.children[0]));
    case Kind::other: return arrow::null();
    // clang-format on
    case Kind::structure: {
      std::vector<std::shared_ptr<arrow::Field>> fields;
      for (const auto& child : type.children) fields.push_back(to_arrow(child));
      return arrow::struct_(std::move(fields));
    }
    case Kind::map:
      return std::make_shared<arrow::MapType>(to_arrow(type.children[0]),
                                              to_arrow(type.children[1]));
  }
  return arrow::null();
}

Type from_arrow(const arrow::DataType& type) {
  Type out(kind_of(type));
  switch (out.kind) {
    case Kind::decimal: {
      const auto& decimal = static_cast<const arrow::Decimal128Type&>(type);
      return Type::decimal(decimal.precision(), decimal.scale());
    }
    case Kind::list:
    case Kind::structure:
      for (const auto& field : type.fields()) out.children.push_back(from_arrow(*field));
      break;
    case Kind::map: {
      const auto& map = static_cast<const arrow::MapType&>(type);
      out.children = {from_arrow(*map.key_field()), from_arrow(*map.item_field())};
      break;
    }
    case Kind::other:
      out.other = valid_utf8(type.ToString());
      break;
    default:
      break;
  }
  return out;
}

const std::shared_ptr<arrow::Schema>& ArrowBridge::schema(const Schema& schema) {
  const Schema::State& state = *schema.state_;
  std::call_once(state.once, [&] {
    if (state.native) return;
    std::vector<std::shared_ptr<arrow::Field>> fields;
    for (const auto& field : state.fields) fields.push_back(to_arrow(field));
    std::shared_ptr<arrow::KeyValueMetadata> metadata;
    if (!state.metadata.empty()) {
      metadata = std::make_shared<arrow::KeyValueMetadata>();
      for (const auto& [key, value] : state.metadata) metadata->Append(key, value);
    }
    state.native = arrow::schema(std::move(fields), std::move(metadata));
  });
  return state.native;
}

Result<Schema> ArrowBridge::schema(std::shared_ptr<arrow::Schema> native,
                                   const SchemaLimits& limits) {
  std::vector<Field> fields;
  for (const auto& field : native->fields()) fields.push_back(from_arrow(*field));
  Schema::Metadata metadata;
  if (native->metadata()) {
    for (std::int64_t i = 0; i < native->metadata()->size(); ++i) {
      metadata.emplace_back(native->metadata()->key(i), native->metadata()->value(i));
    }
  }
  BL_TRY(Schema made, Schema::make(std::move(fields), std::move(metadata), limits));
  // Nobody else has it yet.
  const_cast<Schema::State&>(*made.state_).native = std::move(native);
  return made;
}

const std::shared_ptr<const arrow::RecordBatch> ArrowBridge::batch(const Batch& batch) {
  return std::static_pointer_cast<const arrow::RecordBatch>(batch.batch_);
}

Batch ArrowBridge::batch(std::shared_ptr<arrow::RecordBatch> native, const Schema& schema) {
  Batch out;
  out.rows_ = native->num_rows();
  out.batch_ = std::move(native);
  out.schema_ = schema;
  return out;
}

Column ArrowBridge::column(const std::shared_ptr<arrow::ArrayData>& data, const Type& type) {
  Column out;
  out.array_ = data;
  out.type_ = type;
  RawColumn& raw = out.raw_;
  raw.rows = data->length;
  raw.offset = data->offset;
  raw.null_count = data->GetNullCount();
  const auto buffer = [&](std::size_t i) -> const std::uint8_t* {
    return i < data->buffers.size() && data->buffers[i] ? data->buffers[i]->data() : nullptr;
  };
  if (raw.null_count > 0) raw.validity = buffer(0);
  switch (type.kind) {
    case Kind::text:
    case Kind::binary:
      raw.values = buffer(2);
      [[fallthrough]];
    case Kind::list:
    case Kind::map: {
      // Arrow allows no offsets at all for no rows.
      static constexpr std::int32_t k_no_offsets[1] = {0};
      const auto* offsets = reinterpret_cast<const std::int32_t*>(buffer(1));
      raw.offsets = data->length == 0 ? k_no_offsets : offsets;
      if (data->length == 0) raw.offset = 0;
      break;
    }
    case Kind::structure:
      break;
    case Kind::other: {
      const auto* fixed = dynamic_cast<const arrow::FixedWidthType*>(data->type.get());
      if (fixed == nullptr || fixed->bit_width() % 8 != 0) break;
      raw.values = buffer(1);
      raw.other_bytes = fixed->bit_width() / 8;
      break;
    }
    default:
      raw.values = buffer(1);
  }
  return out;
}

const arrow::ArrayData& ArrowBridge::data(const Column& column) {
  return *static_cast<const arrow::ArrayData*>(column.array_.get());
}

Error error_of(Code code, const arrow::Status& status) {
  std::string message = valid_utf8(status.message());
  std::replace(message.begin(), message.end(), '\n', ' ');
  return Error{code, std::string(prefix_of_bytes(message, 500))};
}

}  // namespace bl::columns
