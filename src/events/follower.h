#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "events/log.h"
#include "events/tails.h"

/// Reads on behind a place in the log, and waits where it ends: what every wire's tail is made of.
namespace bl::events {

/// One of the places of those who follow; given back when it goes.
class TailPlace {
 public:
  /// Errors: overloaded (all are taken, or the server stops).
  static Result<std::shared_ptr<TailPlace>> take(Tails& tails);
  ~TailPlace() { tails_.leave(); }
  TailPlace(const TailPlace&) = delete;
  TailPlace& operator=(const TailPlace&) = delete;

 private:
  explicit TailPlace(Tails& tails) : tails_(tails) {}
  Tails& tails_;
};

/// Who is told. An error ends it.
struct FollowSink {
  std::function<Result<void>(const StoredEvent&)> event;
  /// Nothing came for heartbeat_every; the place that was reached. May be empty.
  std::function<Result<void>(Sequence)> heartbeat;
  std::function<bool()> client_is_there;  ///< may be empty
};

/// Until the client goes, the server stops (both are no error), or something fails.
Result<void> follow(EventLog& log, Tails& tails, const EventFilter& filter, Sequence after,
                    const FollowSink& sink);

/// Where to begin: behind `after`, else behind what is there now.
Result<Sequence> begin_behind(EventLog& log, std::optional<Sequence> after);

}  // namespace bl::events
