#pragma once

#include <span>
#include <string_view>

/// The table of GoogleSQL's functions: what each is in the engine's SQL. docs/bigquery-sql.md has
/// the same rows, and a test of every name; both are kept by tests/sql_functions_test.cc.
namespace bl::bigquery::sql {

/// How a function is written.
enum class Way : unsigned char {
  pattern,    ///< `sql`, with $1, $2, ...; `$*`: all, with commas; `$|`: all, with ||
  aggregate,  ///< the same, also with OVER; takes DISTINCT; $f: FILTER
  window,     ///< the same, with OVER only
  special,    ///< in code; `sql` says how, for the docs
  refused,    ///< known and not done; `sql` says why
};

/// One signature. `arguments`, a letter for each: i INT64, f FLOAT64, n NUMERIC, N BIGNUMERIC,
/// b BOOL, s STRING, y BYTES, d DATE, D DATETIME, t TIME, T TIMESTAMP, v INTERVAL, j JSON,
/// `.` anything, `=` anything of one common type, `a` an array, `e` what its elements are, S and I
/// arrays of STRING and INT64; `*` repeats the last; `c` a constant INT64. `result`: such a letter,
/// `=`, `a`, `e` as bound by the arguments, `1` the first's type, `A` an array of `=`.
struct Function {
  std::string_view name, arguments, result, sql;
  Way way = Way::pattern;
};

std::span<const Function> functions();

}  // namespace bl::bigquery::sql
