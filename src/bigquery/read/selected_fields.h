#pragma once

#include <span>
#include <string>

#include "base/result.h"
#include "bigquery/model.h"

/// Which columns a session gives. Pure.
namespace bl::bigquery::read {

/// The fields that are named (`a`, `a.b`; none: all), in the table's order. Errors: invalid (names
/// that the schema has not, all of them).
Result<TableSchema> selected_schema(const TableSchema& schema, std::span<const std::string> names);

/// The engine's SQL for a value of `whole` with the members that `part` has.
std::string selected_value(const std::string& value, const TableField& whole,
                           const TableField& part, int depth = 1);

}  // namespace bl::bigquery::read
