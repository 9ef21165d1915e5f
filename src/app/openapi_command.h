#pragma once

#include "base/command_line.h"

namespace bl::app {

/// `benchlake openapi`: prints the description of the API that this program serves; no server.
Command openapi_command();

}  // namespace bl::app
