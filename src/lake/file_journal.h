#pragma once

#include <memory>
#include <string>

#include "base/disk.h"
#include "base/log.h"
#include "base/random.h"
#include "lake/journal.h"

namespace bl::lake {

/// A journal in a folder of its own, which one process owns (a lock file). Opens or creates;
/// recovery is the normal start. Bytes that a cut left at the end were never acknowledged: they are
/// cut off and counted. Cost: reads all segments once. The world outlives the journal.
/// `outcome_unknown` of append(): the disk failed, and failed again when the record was to be taken
/// back.
/// Errors: conflict (another process has it, with that one's note), corrupt (names segment and
/// offset: an acknowledged record is not whole, a segment is missing, or a format of later days),
/// io, disk_full, forbidden.
Result<std::unique_ptr<Journal>> open_file_journal(Disk& disk, const std::string& folder,
                                                   const JournalLimits& limits, const Clock& clock,
                                                   Random& random, Log& log, Metrics& metrics);

}  // namespace bl::lake
