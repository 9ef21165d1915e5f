#pragma once

#include <cstdint>
#include <functional>

#include "base/json.h"
#include "columns/batch.h"

/// Values of columns as JSON: answers of queries. Pure.
///
/// Whole numbers and decimals are numbers up to 2^53, beyond it texts of their digits; NaN and
/// infinities the texts `NaN`, `Infinity`, `-Infinity`; instants RFC 3339; times without a zone the
/// same without `Z`; bytes base64url; structs objects; maps arrays of `{key, value}`.
namespace bl::columns {

/// Writes the value of one row of a column.
using CellWriter = std::function<void(json::Writer&, std::int64_t row)>;
/// Keeps the column.
CellWriter cell_writer(const Column& column);

/// `name` and `type` of each column, as an array.
void write_columns(json::Writer& writer, const Schema& schema);

}  // namespace bl::columns
