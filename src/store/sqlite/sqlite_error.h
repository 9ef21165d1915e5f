#pragma once

#include <string_view>

#include "base/result.h"

struct sqlite3;

/// SQLite's result codes as errors of ours.
namespace bl::store {

/// The code that a result code (extended or not) stands for: FULL disk_full, IOERR and CANTOPEN io,
/// CORRUPT and NOTADB corrupt, CONSTRAINT conflict, INTERRUPT timeout, BUSY and LOCKED overloaded,
/// PERM, AUTH and a read-only file forbidden, TOOBIG too_large, NOMEM unavailable, else internal.
Code code_of_sqlite(int result_code);

/// "what: SQLite's sentence", with the operating system's error for I/O. `db` may be null.
Error sqlite_error(sqlite3* db, int result_code, std::string_view what);

}  // namespace bl::store
