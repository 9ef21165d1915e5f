#pragma once

#include <string>
#include <string_view>

#include "events/event_sql.h"

/// A question in SQL and its answer as JSON: what the route takes and gives, and the command
/// prints.
namespace bl::events {

struct SqlQuestion {
  std::string sql;
  engine::QueryLimits limits;
};
/// `{sql, rows_max?, bytes_max?, time_max_ms?}`; what is not said is `most`. Errors: malformed,
/// invalid (naming every fault; a limit over `most`).
Result<SqlQuestion> decode_sql_question(std::string_view body, const engine::QueryLimits& most);

/// `{columns: [{name, type}], rows: [[...]], truncated, statistics}` (openapi_events.yaml,
/// EventQueryAnswer). Errors: those of EventSql::run and of the cursor.
Result<std::string> sql_answer(EventSql& sql, EventLog& log, const SqlQuestion& question,
                               std::shared_ptr<engine::QueryControl> control);

}  // namespace bl::events
