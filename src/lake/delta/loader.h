#pragma once

#include <optional>
#include <vector>

#include "lake/delta/log_folder.h"
#include "lake/delta/state.h"
#include "lake/delta_log.h"

/// From the objects of a log to a table's state (spec/events-delta.md 2.8).
namespace bl::lake::delta {

/// The state at a version, or the newest. Errors: not_found (no table; no such version), and those
/// of DeltaLog.
Result<State> load(const DeltaWorld& world, const DeltaLimits& limits, LogFolder& folder,
                   std::optional<DeltaVersion> version);

/// The newest version at a time. Errors: not_found.
Result<DeltaVersion> version_at(LogFolder& folder, const DeltaMetadata& newest, Timestamp time,
                                const ParseContext& context);

/// A commit's name and the error's sentence.
Error in_commit(Error error, DeltaVersion version);

}  // namespace bl::lake::delta
