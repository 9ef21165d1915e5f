#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "bigquery/googlesql.h"

/// The `row_restriction` of a read session: one GoogleSQL expression over the columns of one table.
/// Pure.
namespace bl::bigquery::sql {

/// The expression as the engine's SQL, written from its tree. `column`: the engine's expression for
/// a field of `schema`, of the type that googlesql.h says. CURRENT_DATE() and its like are `now`,
/// so that every read of a session has the same rows.
///
/// Errors: invalid (syntax, names, types, aggregates, no BOOL; with the place), unsupported (by
/// name: subqueries, window functions, parameters, what is by chance).
Result<std::string> translate_restriction(
    std::string_view text, const TableSchema& schema, Timestamp now,
    const std::function<std::string(const TableField&)>& column, const SqlLimits& limits = {});

}  // namespace bl::bigquery::sql
