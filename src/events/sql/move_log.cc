#include "events/move_log.h"

namespace bl::events {

Result<Moved> move_log(EventLog& from, EventLog& to, const MoveOptions& options) {
  Moved moved;
  BL_TRY(const LogStatus status, from.status());
  moved.total = status.events;
  moved.last = options.after;
  std::size_t batch = options.batch_events;
  for (;;) {
    auto listed = from.list(moved.last, {}, batch);
    // Large events come in smaller batches.
    if (!listed.ok() && listed.error().code == Code::too_large && batch > 1) {
      batch /= 2;
      continue;
    }
    BL_TRY(const EventPage page, std::move(listed));
    std::vector<BuildEvent> events;
    events.reserve(page.events.size());
    const bool is_behind = options.until > 0 && page.next >= options.until;
    for (const StoredEvent& stored : page.events) {
      if (options.until > 0 && stored.sequence > options.until) break;
      events.push_back(stored.event);
    }
    if (!events.empty()) {
      BL_TRY(const Appended appended, to.append(events));
      moved.added += appended.added;
      moved.repeated += appended.repeated;
    }
    moved.read += static_cast<std::int64_t>(events.size());
    moved.last = page.next;
    if (options.progress && !options.progress(moved)) {
      return Error(Code::cancelled, "the move of the event log was cancelled");
    }
    if (!page.has_more || is_behind) return moved;
  }
}

}  // namespace bl::events
