#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "results/ports.h"

/// Where a page of series ended, inside an opaque cursor (cursor.h).
namespace bl::results {

struct SeriesCursor {
  std::int64_t time = 0;   ///< sort recent: latest_result_timestamp
  double change_rank = 0;  ///< sort change
  std::string name;        ///< sort name
  std::string fingerprint;
};

std::string encode_cursor(const SeriesCursor& cursor, SeriesFilter::Sort sort);
/// Errors: invalid (not a cursor, or one of another sort).
Result<SeriesCursor> decode_cursor(std::string_view text, SeriesFilter::Sort sort);

}  // namespace bl::results
