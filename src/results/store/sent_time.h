#pragma once

#include "base/time.h"
#include "store/database.h"

/// Times in answers of PostgreSQL. Private to the store's side.
namespace bl::results {

/// A column `timestamp_send(c)`: the eight bytes of a time. To print it, or to make microseconds of
/// it, takes PostgreSQL longer; where answers have thousands of rows, that counts.
/// Errors: corrupt (an infinite time; another program may have stored one).
Result<Timestamp> sent_time_of(const store::Row& row, int column);
/// The same of the bytes.
Result<Timestamp> sent_time_of(std::string_view bytes);

}  // namespace bl::results
