#pragma once

#include "inference/ingest_encode.h"
#include "store/database.h"

namespace bl::inference {

/// How many rows of sweeps a store holds, all attempts together. Cost: a pass over each index.
Result<SweepTotals> sweep_totals(store::Database& database);

}  // namespace bl::inference
