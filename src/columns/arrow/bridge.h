#pragma once

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include "columns/batch.h"

/// From our values to Arrow's and back; the only way in. Private to this folder.
namespace bl::columns {

struct ArrowBridge {
  static const std::shared_ptr<::arrow::Schema>& schema(const Schema& schema);
  /// Errors: invalid. Metadata of fields is kept in the Arrow schema only.
  static Result<Schema> schema(std::shared_ptr<::arrow::Schema> native, const SchemaLimits& limits);
  static const std::shared_ptr<const ::arrow::RecordBatch> batch(const Batch& batch);
  /// The columns are of the schema's types: checked by the caller.
  static Batch batch(std::shared_ptr<::arrow::RecordBatch> native, const Schema& schema);
  static Column column(const std::shared_ptr<::arrow::ArrayData>& data, const Type& type);
  static const ::arrow::ArrayData& data(const Column& column);
};

std::shared_ptr<::arrow::DataType> to_arrow(const Type& type);
Type from_arrow(const ::arrow::DataType& type);

/// Arrow's sentence as an error of ours, on one line.
Error error_of(Code code, const ::arrow::Status& status);

}  // namespace bl::columns
