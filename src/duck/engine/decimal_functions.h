#pragma once

#include <duckdb.h>

#include "base/result.h"

/// Products and quotients of decimals, exact however long they are between, then rounded half away
/// from zero at the scale of the answer. The engine's own product has the digits of both sides and
/// is shortened one bit at a time, some 1.6 us a value; these take some 10 ns.
///
///     bl_numeric_product, bl_numeric_quotient        DECIMAL(38, 9) of two DECIMAL(38, 9)
///     bl_bignumeric_product, bl_bignumeric_quotient  DECIMAL(38, 19) of two DECIMAL(38, 19)
///
/// NULL of NULL. Errors: the engine's of invalid input: more than 38 digits, a divisor of zero.
/// Private to this folder.
namespace bl::duck {

/// They stay as long as the database. Errors: internal (the engine refuses one).
Result<void> register_decimal_functions(duckdb_connection connection);

}  // namespace bl::duck
