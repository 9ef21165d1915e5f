#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "base/json.h"
#include "bigquery/cells.h"
#include "bigquery/model.h"

/// Schemas and rows of tests as texts.
namespace bl::bigquery {

/// `fields`: a JSON list, as in a request.
inline TableSchema schema_of(std::string_view fields) {
  return schema_from_json(json::parse(R"({"fields":)" + std::string(fields) + "}").value()).value();
}

/// The rows as answers have them, a space between.
inline std::string cells(const columns::Batch& batch, const TableSchema& schema,
                         TimestampForm form = TimestampForm::micros) {
  const auto writer = CellWriter::make(batch, schema, form);
  EXPECT_TRUE(writer.ok());
  std::string out;
  for (std::int64_t row = 0; row < writer->rows(); ++row) {
    if (row > 0) out += ' ';
    writer->append(out, row);
  }
  return out;
}

}  // namespace bl::bigquery
