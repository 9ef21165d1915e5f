#pragma once

#include <string_view>

#include "base/command_line.h"
#include "base/json.h"

/// Answers about the lake (openapi_lake.yaml) as people read them. Private to ops.
namespace bl::ops {

/// Of GET /api/v1/lake.
void print_lake(const json::Value& answer, CommandIo& io);
/// Of GET /api/v1/lake/tables/{table}.
void print_lake_table(const json::Value& answer, CommandIo& io);
/// Of what `lake refresh` did.
void print_replicated(const json::Value& answer, CommandIo& io);
/// Of what `lake NAME` did.
void print_outcome(std::string_view name, const json::Value& answer, CommandIo& io);

}  // namespace bl::ops
