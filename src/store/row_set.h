#pragma once

#include <functional>
#include <initializer_list>

#include "store/database.h"

/// One statement for many rows of parameters. An execution costs PostgreSQL more than most rows do:
/// a statement that takes them all as arrays, a column each, pays that once.
namespace bl::store {

/// Of `sql`, SQLite's text is run once for every row; its parameters are the row's.
/// PostgreSQL's is run once for all: `$1`, `$2`... are arrays of the columns, to be given a type
/// and unnested: `unnest($1::bigint[], $2::text[]) with ordinality as p(no, id, place)`. PostgreSQL
/// may answer and touch rows in any order: who needs one locks the rows first, looking each up by
/// itself
/// (`cross join lateral (select ... limit 1 for no key update)`), which also keeps the plan from
/// reading a whole table.

/// `each` gets the number of the row of parameters with every row of the answer. PostgreSQL: the
/// last of `columns` columns is that number, from 1 (the ordinality). Errors as Connection::query.
Result<void> query_rows(Connection& connection, const Sql& sql, int columns, const ParamRows& rows,
                        const std::function<void(std::size_t, const Row&)>& each);

/// Gives how many rows were changed in all.
Result<std::int64_t> execute_rows(Connection& connection, const Sql& sql, const ParamRows& rows);

/// The same by Connection::query_many_later.
Result<void> query_rows_later(Connection& connection, const Sql& sql, int columns,
                              const ParamRows& rows,
                              std::function<void(std::size_t, const Row&)> each);
Result<void> execute_rows_later(Connection& connection, const Sql& sql, const ParamRows& rows);

/// PostgreSQL alone: the arrays of several sets, one set after the other; some may be empty.
Result<void> execute_row_sets_later(Connection& connection, const char* sql,
                                    std::initializer_list<ParamRows> sets);

/// Rows that may be there already: `on conflict do nothing`. Gives for every row 1 when it went in,
/// else 0. PostgreSQL: the statement answers with the numbers of those that did: `with p as (select
/// * from unnest(...) with ordinality as p(...)), added as (insert into t select
/// ... from p on conflict do nothing returning key) select p.place from added join p using (key)`.
Result<std::vector<std::int64_t>> insert_rows(Connection& connection, const Sql& sql,
                                              const ParamRows& rows);

/// Adds an element of an array literal of PostgreSQL: quoted, so that it is never taken for NULL.
void append_array_element(std::string& array, std::string_view text);
/// Adds a number as PostgreSQL reads it: what JSON has none for is NaN, Infinity or -Infinity.
void append_postgres_number(std::string& out, double value);

}  // namespace bl::store
