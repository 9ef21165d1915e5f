#pragma once

#include <vector>

#include "ops/ports.h"

namespace bl::ops {

/// `lake status`, `verify`, `compact`, `expire`, `sweep`, `rollback`, `rebuild`. Private to ops.
std::vector<Command> lake_commands(const CommandPorts& ports);

}  // namespace bl::ops
