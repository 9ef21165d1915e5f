#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

/// What PostgreSQL says went wrong, in our words.
namespace bl::store {

/// Whether the same work may be run again at once.
enum class Trouble : unsigned char {
  none,         ///< an answer: running it again gives the same
  conflicting,  ///< 40001, 40P01: another transaction was first; this one is rolled back
  lost,         ///< the connection is gone: what was not committed is rolled back
};

struct PostgresError {
  Error error;
  Trouble trouble = Trouble::none;
};

/// From an SQLSTATE and the server's sentence. Class 22 and 54000 are invalid and too_large (a
/// value does not fit its column or index), 23 conflict, 25006 unavailable (the server is
/// read-only), 53100 disk_full, 53 and 55P03 overloaded, 57014 timeout, 57P0x and 08 unavailable,
/// 58 io, XX001 and XX002 corrupt; the rest (SQL that is wrong, a right that our role lacks)
/// internal.
PostgresError postgres_error(std::string_view sqlstate, std::string_view sentence,
                             std::string_view doing);

/// The connection broke, or could not be made.
PostgresError connection_lost(std::string_view sentence, std::string_view doing);

}  // namespace bl::store
