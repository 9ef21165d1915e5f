#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/json.h"
#include "bigquery/jobs/csv.h"
#include "bigquery/model.h"

/// Columns that rows of a file seem to have (`autodetect`). Pure.
namespace bl::bigquery {

/// Of rows of one object a line: BOOL, INT64, FLOAT64, DATE, TIME, TIMESTAMP, DATETIME, STRING,
/// records and lists, whatever fits all values of a name; a column of nulls is STRING. Columns in
/// the order in which they first came. Errors: invalid (a name that no column may have).
Result<TableSchema> detected_schema(std::span<const json::Value> rows);

struct DetectedCsv {
  TableSchema schema;
  bool has_header = false;  ///< the first row names the columns
};
/// Of rows of cells. The first row names the columns when `named` says so, or when all its cells
/// are STRING and in another row a cell is not.
DetectedCsv detected_csv(std::span<const std::vector<CsvCell>> rows, bool named);

}  // namespace bl::bigquery
