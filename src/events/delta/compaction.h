#pragma once

#include <cstddef>

#include "events/delta/event_table.h"
#include "events/delta/places.h"

namespace bl::events::delta {

struct Compacted {
  std::size_t files = 0;  ///< that became one; 0: nothing is worth it, or others were faster
  bool was_late = false;  ///< somebody else has changed the same files: look again
};
/// One step. Appends go on meanwhile. Errors: forbidden (nothing may be written), those of the log,
/// the store and the engine; then the table is as it was, unless it is outcome_unknown.
Result<Compacted> compact_once(EventTable& table, const CompactionLimits& limits);

}  // namespace bl::events::delta
