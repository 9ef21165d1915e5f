#pragma once

#include <span>
#include <string_view>

#include "bigquery/rows_in.h"

/// Rows as JSON objects: insertAll (spec 2.5) and files of one object a line. Pure.
///
/// Columns are found without regard to case. Values, besides the usual form:
/// - INT64: a text of digits, a number without fraction; BOOL: `true`, `t`, `yes`, `y`, `1` and
///   their contraries as texts; STRING: also numbers and truth, as they stand;
/// - FLOAT64: a text, also `NaN`, `inf`, `-inf`; NUMERIC and BIGNUMERIC: a number or a text,
/// rounded
///   half away from zero as GoogleSQL's casts do;
/// - TIMESTAMP: a text, with or without zone, or seconds since 1970 as number or text;
/// - JSON: a text is JSON text; anything else is the value itself; kept compact, members in order;
/// - INTERVAL: `1-2 3 4:5:6` or ISO 8601; RANGE: `[a, b)` or `{"start": a, "end": b}`;
/// - null for a REPEATED field is the empty list; null within a list is a fault.
namespace bl::bigquery {

struct JsonRowOptions {
  bool ignore_unknown_values = false;
  RowLimits limits;
  DefaultValues defaults;  ///< empty: null
};

/// One value a row; what is no object is a fault of its row. Errors: too_large.
Result<RowsIn> rows_from_json(const TableSchema& schema, std::span<const json::Value* const> rows,
                              const JsonRowOptions& options = {});

/// Objects, one a line; blank lines are passed over and count no row. What is no JSON is a fault of
/// its row. Errors: too_large.
Result<RowsIn> rows_from_ndjson(const TableSchema& schema, std::string_view text,
                                const JsonRowOptions& options = {});

}  // namespace bl::bigquery
