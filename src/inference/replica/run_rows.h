#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "columns/batch.h"
#include "inference/replica/tables.h"
#include "store/database.h"

namespace bl::inference::replica {

/// Rows of runs in the store, as the lake has them; in the order of the run, then of the row.
/// Errors: those of the store; invalid (a text that is no UTF-8, with its column).
Result<std::vector<columns::Batch>> read_rows(store::Connection& connection, const Shape& shape,
                                              std::span<const std::int64_t> runs);

}  // namespace bl::inference::replica
