#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

/// A user's SQL over `events`, with the tables of the types put in front. Pure.
namespace bl::events {

struct QueryText {
  std::string sql;
  int lines_before = 0;  ///< lines of ours before the user's first one
};

/// Puts common table expressions in front for those of our tables whose name stands in the SQL, on
/// a line of their own; a `WITH` of the user goes on behind them, EXPLAIN, DESCRIBE and SUMMARIZE
/// stay first. The user's text keeps its lines and columns.
QueryText with_event_tables(std::string_view sql);

/// The same error with the lines of the user's text: `at line 3` of what ran is line 2 of theirs.
/// One in our own lines has no place.
Error in_user_lines(Error error, int lines_before);

}  // namespace bl::events
