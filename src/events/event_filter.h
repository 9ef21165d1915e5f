#pragma once

#include <string_view>

#include "events/log.h"

/// Which events a filter of EventLog::list() wants. Pure.
namespace bl::events {

/// `*`: any bytes, also none; `?`: one character (UTF-8); all else is itself. The whole text
/// counts. Cost: at worst the product of both lengths.
bool glob_matches(std::string_view pattern, std::string_view text);

bool is_empty(const EventFilter& filter);
/// Every member that is not empty must hold. Refs and patterns are about partitions_of(event), one
/// ref of the event is enough for either; labels about job events; runs about job_run_of(event).
bool matches(const EventFilter& filter, const BuildEvent& event);

}  // namespace bl::events
