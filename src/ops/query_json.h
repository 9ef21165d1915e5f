#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "columns/cell_json.h"
#include "engine/engine.h"

/// The answer of a query as JSON (openapi_query.yaml, QueryAnswer); values as columns/cell_json.h
/// has them. Pure.
namespace bl::ops {

using columns::cell_writer;
using columns::CellWriter;
using columns::write_columns;

void write_statistics(json::Writer& writer, const engine::Statistics& statistics);

/// The document in pieces that follow each other: a server need not keep all of it.
std::string query_head(const std::string& id, const columns::Schema& schema);
/// `is_first`: no row was written before.
std::string query_rows(const columns::Batch& batch, bool is_first);
std::string query_tail(const engine::Statistics& statistics);

}  // namespace bl::ops
