#pragma once

#include "base/command_line.h"

namespace bl::app {

/// `benchlake verdict FILE`: judges series that are given as JSON lines; no server, no store.
Command verdict_command();

}  // namespace bl::app
