#pragma once

#include "ops/ports.h"

namespace bl::ops {

/// `query`. Private to ops.
Command query_command(const CommandPorts& ports);

}  // namespace bl::ops
