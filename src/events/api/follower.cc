#include "events/follower.h"

#include <fmt/format.h>

namespace bl::events {
namespace {

/// Tells what is new; true when there was something.
Result<bool> tell_new(EventLog& log, Tails& tails, const EventFilter& filter, Sequence& after,
                      const FollowSink& sink) {
  bool told = false;
  while (true) {
    BL_TRY(const EventPage page, log.list(after, filter, tails.limits().page_events_max));
    for (const StoredEvent& stored : page.events) {
      BL_RETURN_IF_ERROR(sink.event(stored));
      told = true;
    }
    after = std::max(after, page.next);
    if (!page.has_more || !tails.pause(std::chrono::milliseconds(0))) return told;
  }
}

}  // namespace

Result<std::shared_ptr<TailPlace>> TailPlace::take(Tails& tails) {
  if (tails.enter()) return std::shared_ptr<TailPlace>(new TailPlace(tails));
  return Error{Code::overloaded,
               fmt::format("{} clients follow the log already", tails.limits().tails_max)};
}

Result<void> follow(EventLog& log, Tails& tails, const EventFilter& filter, Sequence after,
                    const FollowSink& sink) {
  const TailLimits& limits = tails.limits();
  auto last_told = std::chrono::steady_clock::now();
  while (true) {
    const std::uint64_t grown = tails.grown();
    BL_TRY(const bool told, tell_new(log, tails, filter, after, sink));
    const auto now = std::chrono::steady_clock::now();
    const bool is_quiet = !told && now - last_told >= limits.heartbeat_every;
    if (is_quiet && sink.heartbeat) BL_RETURN_IF_ERROR(sink.heartbeat(after));
    if (told || is_quiet) last_told = now;
    if (sink.client_is_there && !sink.client_is_there()) return {};
    if (!tails.pause(limits.pause_min) || !tails.wait(grown, limits.poll_every)) return {};
  }
}

Result<Sequence> begin_behind(EventLog& log, std::optional<Sequence> after) {
  if (after) return *after;
  BL_TRY(const LogStatus status, log.status());
  return status.newest;
}

}  // namespace bl::events
