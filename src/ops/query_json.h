#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/json.h"
#include "columns/batch.h"
#include "engine/engine.h"

/// The answer of a query as JSON (openapi_query.yaml, QueryAnswer). Pure.
///
/// Whole numbers and decimals are numbers up to 2^53, beyond it texts of their digits; NaN and
/// infinities the texts `NaN`, `Infinity`, `-Infinity`; instants RFC 3339; times without a zone the
/// same without `Z`; bytes base64url; structs objects; maps arrays of `{key, value}`.
namespace bl::ops {

/// Writes the value of one row of a column.
using CellWriter = std::function<void(json::Writer&, std::int64_t row)>;
/// Keeps the column.
CellWriter cell_writer(const columns::Column& column);

/// `name` and `type` of each column, as an array.
void write_columns(json::Writer& writer, const columns::Schema& schema);
void write_statistics(json::Writer& writer, const engine::Statistics& statistics);

/// The document in pieces that follow each other: a server need not keep all of it.
std::string query_head(const std::string& id, const columns::Schema& schema);
/// `is_first`: no row was written before.
std::string query_rows(const columns::Batch& batch, bool is_first);
std::string query_tail(const engine::Statistics& statistics);

}  // namespace bl::ops
