#pragma once

#include <cstdint>
#include <span>

#include "store/database.h"

namespace bl::inference {

/// Moves what SweepReader::revision() gives, and marks the runs (their rows' ids) whose rows
/// changed with it: who follows the store compares these marks (replica.h). The end of a
/// transaction: other writers wait for this row. Private to the store's side.
Result<void> count_revision(store::Connection& connection,
                            std::span<const std::int64_t> changed_runs = {});

}  // namespace bl::inference
