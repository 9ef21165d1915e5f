#pragma once

#include <string>
#include <vector>

#include "bigquery/read/read_names.h"
#include "bigquery/read/read_wire.h"
#include "bigquery/read/session_sql.h"
#include "bigquery/read_methods.h"
#include "columns/ipc_messages.h"

namespace bl::bigquery::read {

/// What a session reads, and how. Never changes. Threads: any.
struct Session {
  std::string name;
  ReadSource source;
  columns::Schema lake;            ///< of the rows that it gives
  std::vector<std::string> names;  ///< of its columns
  std::vector<int> lists;          ///< those that are REPEATED
  columns::IpcMessages messages;
  SessionSql sql;
  Timestamp expires;
  std::int64_t rows = 0;
  std::int64_t bytes = 0, file_bytes = 0;  ///< about
};

/// Of a request whose source was found. Errors: as ReadSessions::create.
Result<Session> make_session(const CreateRequest& request, ReadSource source, Timestamp now,
                             std::uint64_t seed, const ReadLimits& limits);
/// What of a request is wrong before anything is looked for.
Result<void> check_request(const CreateRequest& request, const ReadLimits& limits);

/// The first streams of a session: as many as the request wants and its rows are worth, of like
/// size, together all rows; none without rows.
std::vector<RowRange> portions(const Session& session, const CreateRequest& request,
                               const ReadLimits& limits);
/// The row near `row` where a reader can begin cheaply: a file, or a row group.
std::int64_t cheap_start(const Session& session, std::int64_t row);

}  // namespace bl::bigquery::read
