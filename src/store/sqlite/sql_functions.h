#pragma once

#include "base/result.h"

struct sqlite3;

namespace bl::store {

/// What migrations use and SQLite 3.40 does not have yet: `unhex(text)`, the bytes of hex digits as
/// a blob; null for anything else, as that of SQLite 3.41. Errors: internal.
Result<void> add_sql_functions(sqlite3* db);

}  // namespace bl::store
