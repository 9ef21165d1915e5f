#pragma once

#include <string>
#include <vector>

#include "lake/delta/log_folder.h"
#include "lake/delta/state.h"
#include "lake/delta_log.h"

/// Checkpoints: a version's whole state as Parquet (spec/events-delta.md 2.9). We write one classic
/// file; we read classic ones, those of several parts, and V2 ones with their sidecars.
namespace bl::lake::delta {

/// All files of one checkpoint; complete.
struct Checkpoint {
  DeltaVersion version = 0;
  std::vector<LogEntry> files;
};

/// The complete ones up to `newest`, the best first: the newest, and of one version the one of
/// fewest files.
std::vector<Checkpoint> complete_checkpoints(const std::vector<LogEntry>& entries,
                                             DeltaVersion newest);

/// Adds what a checkpoint holds to an empty state. Errors: not_found, corrupt, too_large.
Result<void> read_checkpoint(const DeltaWorld& world, const DeltaLimits& limits, LogFolder& folder,
                             const Checkpoint& checkpoint, State& state);

/// Writes one, and the hint that points to it. One of the same version that is there already
/// remains. `lines`: State::checkpoint_lines.
Result<void> write_checkpoint(const DeltaWorld& world, LogFolder& folder, DeltaVersion version,
                              const std::vector<std::string>& lines, std::size_t files);

}  // namespace bl::lake::delta
