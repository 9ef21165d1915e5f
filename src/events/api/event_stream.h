#pragma once

#include "events/api/answers.h"

/// The log as server-sent events. Private to the routes.
namespace bl::events {

/// True when the client accepts `text/event-stream`.
bool wants_stream(const Request& request);
/// Each event has its sequence as `id`, its type as `event` and the event as `data`; begins behind
/// `Last-Event-ID`, else behind `since_idx`, else with what is appended from now on. Errors:
/// overloaded (all places are taken), invalid.
Result<Response> stream_events(const Call& call);

}  // namespace bl::events
