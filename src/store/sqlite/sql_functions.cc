#include "store/sqlite/sql_functions.h"

#include <sqlite3.h>

#include <string>

#include "store/sqlite/sqlite_error.h"

namespace bl::store {
namespace {

int digit_of(unsigned char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

void unhex(sqlite3_context* context, int, sqlite3_value** arguments) {
  const unsigned char* const digits = sqlite3_value_text(arguments[0]);
  const int count = sqlite3_value_bytes(arguments[0]);
  if (digits == nullptr || count % 2 != 0) return;
  std::string bytes;
  for (int i = 0; i < count; i += 2) {
    const int high = digit_of(digits[i]);
    const int low = digit_of(digits[i + 1]);
    if (high < 0 || low < 0) return;
    bytes += static_cast<char>(high << 4 | low);
  }
  sqlite3_result_blob64(context, bytes.data(), bytes.size(), SQLITE_TRANSIENT);
}

}  // namespace

Result<void> add_sql_functions(sqlite3* db) {
  const int rc = sqlite3_create_function_v2(db, "unhex", 1,
                                            SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY,
                                            nullptr, &unhex, nullptr, nullptr, nullptr);
  if (rc == SQLITE_OK) return {};
  return sqlite_error(db, rc, "adding a function to SQLite");
}

}  // namespace bl::store
