#pragma once

#include <chrono>
#include <string>

#include "lake/delta/log_folder.h"
#include "lake/delta_log.h"

/// Taking a version of a log, for sure.
namespace bl::lake::delta {

/// The time that a commit may take, and the pauses within it. One thread.
class Patience {
 public:
  Patience(const DeltaWorld& world, const DeltaLimits& limits);
  /// Pauses, each time longer, half of it by chance. False: the time is over, or the program stops.
  bool pause();
  bool stopped() const { return stopped_; }
  int pauses() const { return pauses_; }

 private:
  const DeltaWorld& world_;
  const DeltaLimits& limits_;
  const std::chrono::steady_clock::time_point until_;
  std::chrono::milliseconds wait_;
  int pauses_ = 0;
  bool stopped_ = false;
};

enum class Taken : unsigned char { by_us, by_others };

/// Puts a commit at its version. An answer that was lost is looked for: who reads the version knows
/// our commit by its id. While nobody stands there the same bytes are sent again, so that it does
/// not matter which of them arrives. Errors: those of the store, outcome_unknown (the time is over,
/// and the commit may still arrive), corrupt (it stands there, but not as it was written).
Result<Taken> take_version(LogFolder& folder, DeltaVersion version, const std::string& bytes,
                           const std::string& id, Patience& patience);

}  // namespace bl::lake::delta
