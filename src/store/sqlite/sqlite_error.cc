#include "store/sqlite/sqlite_error.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <system_error>

namespace bl::store {

Code code_of_sqlite(int result_code) {
  // A value that a STRICT table or a type check refuses is a statement of ours that is wrong.
  if (result_code == SQLITE_CONSTRAINT_DATATYPE) return Code::internal;
  switch (result_code & 0xff) {
    case SQLITE_FULL:
      return Code::disk_full;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
      return Code::io;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return Code::corrupt;
    case SQLITE_CONSTRAINT:
      return Code::conflict;
    case SQLITE_INTERRUPT:
      return Code::timeout;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Code::overloaded;
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return Code::forbidden;
    case SQLITE_READONLY:
      // The bare code is a write on a read connection; the extended ones tell of the file.
      return result_code == SQLITE_READONLY ? Code::internal : Code::forbidden;
    case SQLITE_TOOBIG:
      return Code::too_large;
    case SQLITE_NOMEM:
      return Code::unavailable;
    default:
      return Code::internal;
  }
}

Error sqlite_error(sqlite3* db, int result_code, std::string_view what) {
  const char* sentence = db != nullptr && sqlite3_extended_errcode(db) == result_code
                             ? sqlite3_errmsg(db)
                             : sqlite3_errstr(result_code);
  const Code code = code_of_sqlite(result_code);
  std::string message = fmt::format("{}: {}", what, sentence);
  const int system_errno = db != nullptr && code == Code::io ? sqlite3_system_errno(db) : 0;
  if (system_errno != 0) {
    message += fmt::format(" ({})", std::generic_category().message(system_errno));
  }
  if (code == Code::io || code == Code::internal) {
    message += fmt::format(" [SQLite {}]", result_code);
  }
  return Error(code, std::move(message));
}

}  // namespace bl::store
