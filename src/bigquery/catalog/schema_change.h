#pragma once

#include "base/result.h"
#include "bigquery/model.h"

/// What of a table's schema may change. Pure.
namespace bl::bigquery {

/// Columns stay, in their order, with their types; REQUIRED may become nullable; lengths, precision
/// and scale may grow or go; descriptions and defaults are free; what is new stands behind the
/// others and is nullable or repeated. Gives `to` with the names of columns that were there as they
/// were written first. Errors: invalid (with the column), unsupported (a new column within a
/// record).
Result<TableSchema> changed_schema(const TableName& name, const TableSchema& from, TableSchema to);

}  // namespace bl::bigquery
