#pragma once

#include <string_view>

#include "duck/connection.h"

namespace bl::engine {

/// Errors: forbidden (it would do something else than read), and as Connection::prepare.
inline Result<duck::Statement> prepare_reading(duck::Connection& connection, std::string_view sql) {
  BL_TRY(duck::Statement statement, connection.prepare(sql));
  if (statement.is_query()) return statement;
  return Error{Code::forbidden,
               "only what reads is allowed: SELECT, VALUES, DESCRIBE, SUMMARIZE, EXPLAIN"};
}

}  // namespace bl::engine
