#pragma once

#include "base/command_line.h"
#include "events/log.h"

/// The options that choose events; each may be given again: then one of its values must fit.
/// Private to the commands.
namespace bl::events {

void add_filter_options(Command& command);
/// Errors: invalid (a type that there is not).
Result<EventFilter> filter_of(const Arguments& arguments);

}  // namespace bl::events
