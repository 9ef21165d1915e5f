#pragma once

#include "base/result.h"
#include "bigquery/model.h"
#include "columns/type.h"

/// How a table of BigQuery lies in the lake. Pure.
///
///     STRING, JSON                      text
///     BYTES, INT64, FLOAT64, BOOL       binary, int64, float64, boolean
///     DATE, TIME, TIMESTAMP             date, time, timestamp
///     DATETIME                          naive_timestamp
///     NUMERIC, also of fewer digits     decimal(38, 9)
///     BIGNUMERIC                        decimal(38, 19)
///     INTERVAL                          struct<months: int32, days: int32, micros: int64>
///     RANGE of T                        struct<start: T, end: T>; null is unbounded
///     RECORD                            struct
///     REPEATED of T                     list<T> without null elements
///
/// Everything is nullable in the lake's schema, so that a REQUIRED column can become nullable and
/// any column can be added to rows that are there; that REQUIRED fields and lists have no nulls is
/// kept by those who write rows. Rows from before a REPEATED column was added have a null list
/// there: whoever reads takes it for the empty one. The schema carries the table's own as JSON
/// in its metadata, so that the way back is exact.
namespace bl::bigquery {

/// The key in columns::Schema::metadata().
inline constexpr std::string_view k_schema_metadata = "bigquery.schema";

/// Errors: invalid (more columns, or nested deeper, than the lake may have).
Result<columns::Schema> lake_schema_of(const TableSchema& schema);

/// The table's schema: the one that the metadata carries, where it fits the columns; else what the
/// columns say: narrower integers and floats are INT64 and FLOAT64, decimals NUMERIC where they fit
/// and else BIGNUMERIC, structs of the two forms above INTERVAL and RANGE, what is never null
/// REQUIRED. Every mode counts as given. Errors: unsupported (lists of lists, maps, types that are
/// not ours; with the column's name).
Result<TableSchema> table_schema_of(const columns::Schema& schema);

}  // namespace bl::bigquery
