#pragma once

#include "base/check.h"
#include "base/json.h"
#include "bigquery/arrow_rows.h"
#include "bigquery/cells.h"
#include "bigquery/model.h"
#include "bigquery/rows_in.h"

/// What the fuzzers of rows share: a table of every type, and what must hold of any rows it takes.
namespace bl::bigquery {

inline constexpr RowLimits k_fuzz_limits{.memory_bytes_max = 4u << 20};

inline const TableSchema& fuzz_schema() {
  static const TableSchema schema =
      schema_from_json(json::parse(
                           R"({"fields":[{"name":"s","type":"STRING","maxLength":"8"},
        {"name":"y","type":"BYTES"},
        {"name":"i","type":"INT64","mode":"REQUIRED"},{"name":"f","type":"FLOAT64"},
        {"name":"b","type":"BOOL"},{"name":"n","type":"NUMERIC","precision":6,"scale":2},
        {"name":"g","type":"BIGNUMERIC"},{"name":"ts","type":"TIMESTAMP"},
        {"name":"dt","type":"DATETIME"},{"name":"d","type":"DATE"},{"name":"t","type":"TIME"},
        {"name":"iv","type":"INTERVAL"},{"name":"j","type":"JSON"},
        {"name":"r","type":"RANGE","rangeElementType":{"type":"TIMESTAMP"}},
        {"name":"rec","type":"RECORD","mode":"REPEATED","fields":[
          {"name":"x","type":"DATE","mode":"REQUIRED"},
          {"name":"l","type":"STRING","mode":"REPEATED"}]}]})")
                           .value())
          .value();
  return schema;
}

inline std::string cells_of(const columns::Batch& batch) {
  const auto writer = CellWriter::make(batch, fuzz_schema(), TimestampForm::iso).value();
  std::string out = "[";
  for (std::int64_t row = 0; row < writer.rows(); ++row) {
    if (row > 0) out += ',';
    writer.append(out, row);
  }
  return out + "]";
}

inline void check_rows(const Result<RowsIn>& rows) {
  if (!rows.ok()) return;
  BL_CHECK(rows->faults.empty() == rows->bad.empty());
  if (rows->batch.rows() == 0) return;
  const std::string cells = cells_of(rows->batch);
  const auto read = json::parse(cells);
  BL_CHECK(read.ok());
  BL_CHECK(static_cast<std::int64_t>(read->items().size()) == rows->batch.rows());
  static const auto messages = arrow_messages(fuzz_schema(), columns::IpcCompression::none).value();
  static const auto plan = ArrowPlan::compile(messages.schema_message(), fuzz_schema()).value();
  const auto message = messages.batch_message(rows->batch);
  if (!message.ok()) return;  // an interval that Arrow does not hold
  const auto again = plan.decode(*message, {});
  BL_CHECK(again.ok() && again->faults.empty());
  BL_CHECK(again->batch == rows->batch);
}

}  // namespace bl::bigquery
