#pragma once

#include <functional>

#include "bigquery/model.h"
#include "columns/batch.h"
#include "engine/engine.h"
#include "lake/snapshot.h"

namespace bl::bigquery::rest {

/// Rows [from, from + count) of a snapshot, fewer at its end, in an order that is the snapshot's
/// own: those of files by key, then the tail. `each` gets batches with the columns of `fields`, and
/// gives false to stop. Cost: files before and behind are not opened. Errors: those of the engine.
Result<void> read_rows(engine::Engine& engine, const lake::Snapshot& snapshot,
                       const TableSchema& fields, std::int64_t from, std::int64_t count,
                       const std::function<Result<bool>(const columns::Batch&)>& each);

}  // namespace bl::bigquery::rest
