#pragma once

#include "base/command_line.h"

namespace bl::gate {

/// Private: `benchlake bisect`.
Command bisect_command();

}  // namespace bl::gate
