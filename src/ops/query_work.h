#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "base/json.h"
#include "engine/engine.h"
#include "engine/worker_engine.h"
#include "lake/lake.h"

/// SQL of users over a lake that this process has open: behind the route, and behind the command
/// when no server runs.
namespace bl::ops {

/// The settings `query.*`.
struct QuerySetting {
  engine::WorkerEngineLimits engine;
  engine::QueryLimits most;  ///< what a query may ask for, and gets when it does not
};

/// What a user asks.
struct QueryRequest {
  std::string id;  ///< empty: none was given
  std::string sql;
  duck::Values parameters;
  engine::QueryLimits limits;
};

/// The body of POST /api/v1/query. Errors: malformed, invalid (naming every fault; a limit over
/// `most`).
Result<QueryRequest> decode_query(std::string_view body, const engine::QueryLimits& most);
/// One parameter from JSON: null, a boolean, a number, a text, or a list of texts or of whole
/// numbers.
std::optional<duck::Value> parameter_of(const json::Value& value);

/// The engine for SQL of users over that lake, with a scratch folder in the lake's. Errors:
/// unsupported (a lake on S3), io.
Result<std::unique_ptr<engine::Engine>> open_query_engine(lake::Lake& lake,
                                                          const lake::LakeOptions& options,
                                                          const QuerySetting& setting, Log& log,
                                                          Metrics& metrics);

/// Every table of the lake as it stands now, pinned.
std::vector<engine::NamedTable> pinned_tables(lake::Lake& lake);

/// `{"tables": [...]}`: names, columns, rows, files, bytes, snapshots of all tables.
std::string encode_tables(lake::Lake& lake);

}  // namespace bl::ops
