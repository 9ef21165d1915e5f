#pragma once

#include <string>

#include "base/result.h"
#include "bigquery/googlesql.h"
#include "bigquery/model.h"
#include "columns/batch.h"
#include "engine/engine.h"
#include "lake/snapshot.h"

/// Tables of the lake as the SQL of translate() wants its relations, and answers of that SQL as
/// rows of the lake. Pure; the SQL is our own.
namespace bl::bigquery {

/// An expression of the engine, of the type that googlesql.h says, for a field's column of the
/// lake, which `column` is in SQL; `column` itself where the two are the same, so that filters are
/// pushed down. A field that `lake` has not is null, or the empty array. `column` may be evaluated
/// more than once.
std::string engine_value_of(const TableField& field, const columns::Schema& lake,
                            const std::string& column);

/// The items of a SELECT over a lake table's columns that gives each field of `schema` the type
/// that googlesql.h says.
std::string relation_columns(const TableSchema& schema, const columns::Schema& lake);

/// A table of the query, for engine::Query::tables.
engine::NamedTable relation_of(const sql::UsedTable& used, const TableSchema& schema,
                               lake::Snapshot snapshot);

/// An expression of the engine for what the lake keeps of `value`, an expression of the type that
/// googlesql.h says: JSON as text, an INTERVAL as its three numbers, a null array as the empty one.
/// `value` may be evaluated more than once. What the field forbids ends the query with BigQuery's
/// words: an array with a null, a null that is REQUIRED, a text or a number longer than it may be.
std::string lake_value(const std::string& value, const TableField& field);

/// A query of translate(), wrapped: its columns, in order, are what the lake keeps of `schema`.
std::string lake_answer(const std::string& sql, const TableSchema& schema);

/// Rows that the engine gave for lake_answer, as rows of lake_schema_of(schema). No copy. Errors:
/// invalid (rows of other types).
inline Result<columns::Batch> lake_rows(const columns::Batch& answer, const columns::Schema& lake) {
  return answer.with_schema(lake);
}

}  // namespace bl::bigquery
