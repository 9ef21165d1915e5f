#pragma once

#include <cstdint>
#include <functional>

#include "events/log.h"

/// From one log into another, whatever keeps them: a new backend, another machine, back to SQLite.
namespace bl::events {

struct MoveProgress {
  std::int64_t read = 0, added = 0;
  std::int64_t repeated = 0;  ///< were there: of an earlier move that was cut off
  std::int64_t total = 0;     ///< of the source when the move began
};

struct MoveOptions {
  Sequence after = 0;                ///< of the source; 0: all
  Sequence until = 0;                ///< of the source, inclusive; 0: whatever is there
  std::size_t batch_events = 5'000;  ///< of one append
  /// Called behind each batch; false ends the move with `cancelled`.
  std::function<bool(const MoveProgress&)> progress = {};
};

struct Moved : MoveProgress {
  Sequence last = 0;  ///< of the source: give it as `after` to go on later
};

/// Copies events in the order of their sequences, so that the total order stays. May be called
/// again and again: what is there is passed over, what came in since follows. The source is not
/// changed. Errors: those of both logs (a conflict names the event); what was appended stays.
Result<Moved> move_log(EventLog& from, EventLog& to, const MoveOptions& options = {});

}  // namespace bl::events
