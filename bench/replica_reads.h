#pragma once

#include "filled_store.h"
#include "lake/lake.h"

namespace bl::bench {

/// Every question of the readers, to the store and to its replica by turns, `count` times each (a
/// quarter of it for those that read more). Answers of both must have as many rows.
void measure_reads(FilledStore& store, lake::Lake& lake, std::int64_t count, Report& report);

}  // namespace bl::bench
