#pragma once

#include "inference/ingest.h"

namespace bl::inference {

void add(Written& to, const Written& from);

/// Writes a batch, and of one that the store refuses for its values as much as it takes: it is
/// halved until what is refused is alone, and that is skipped as db_error. A store that is
/// overloaded is asked again. Errors: those of the store that are not a value's; invalid, when it
/// refuses the run itself.
Result<Written> write_batch(SweepWriter& writer, Sweep batch, const IngestLimits& limits,
                            SkipTracker& skips);

}  // namespace bl::inference
