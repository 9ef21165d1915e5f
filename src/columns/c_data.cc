#include "columns/c_data.h"

#include <arrow/array/array_base.h>
#include <arrow/c/bridge.h>

#include "columns/arrow/bridge.h"

namespace bl::columns {

CSchema export_schema(const Schema& schema) {
  CSchema out;
  // Fails for types only that no import and no kind of ours gives.
  BL_CHECK(arrow::ExportSchema(*ArrowBridge::schema(schema), out.get()).ok());
  return out;
}

CArray export_batch(const Batch& batch) {
  CArray out;
  BL_CHECK(arrow::ExportRecordBatch(*ArrowBridge::batch(batch), out.get()).ok());
  return out;
}

Result<Schema> import_schema(CSchema schema) {
  auto native = arrow::ImportSchema(schema.get());
  if (!native.ok()) return error_of(Code::invalid, native.status());
  return ArrowBridge::schema(*native, {});
}

Result<Batch> import_batch(CArray array, const Schema& schema) {
  auto native = arrow::ImportRecordBatch(array.get(), ArrowBridge::schema(schema));
  if (!native.ok()) return error_of(Code::invalid, native.status());
  return ArrowBridge::batch(*native, schema);
}

}  // namespace bl::columns
