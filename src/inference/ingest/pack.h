#pragma once

#include <string>

#include "inference/ingest/sources.h"

namespace bl::inference {

/// Puts what an ingest reads of a run into one new zip, a folder for each artifact, so that it can
/// be sent. `spool`: a file that may be made and is removed. What cannot be read is skipped.
/// Errors: io, disk_full; too_large (over bytes_max).
Result<void> pack_run(Disk& disk, const RunSource& source, const std::string& spool,
                      const std::string& zip, std::uint64_t bytes_max, SkipTracker& skips);

}  // namespace bl::inference
