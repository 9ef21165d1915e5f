#pragma once

#include "app/settings.h"
#include "base/command_line.h"

namespace bl::app {

/// `serve`: runs the server until SIGTERM or SIGINT. Prints one JSON line with its addresses when
/// it is ready.
Command serve_command();

}  // namespace bl::app
