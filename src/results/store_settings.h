#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "results/hardware_keys.h"
#include "store/database.h"

/// What stored rows owe to settings that may change: `results.units` and `results.hardware_keys`.
namespace bl::results {

/// Symbols of the units whose direction is another than the one that best values of stored results
/// were chosen by. Errors: those of the driver (an old schema). Cost: one row.
Result<std::vector<std::string>> changed_units(store::Database& database);

/// Chooses those values anew by the units of this process, marks their series stale, and remembers
/// the units. Facts stay as they are. Before anything is stored by these units. Cut off anywhere,
/// it begins again at the next call. Gives how many series changed. Cost: without a change one row;
/// else, on SQLite, a pass over all results for each changed unit; on PostgreSQL the unit's series.
Result<std::int64_t> apply_changed_units(store::Database& database);

/// Machines whose rows keep a hash of other keys than these: their series go on, apart from those
/// of new machines. Errors: as above. Cost: a pass over the machines.
Result<std::int64_t> machines_with_other_keys(store::Database& database, const HardwareKeys& keys);

}  // namespace bl::results
