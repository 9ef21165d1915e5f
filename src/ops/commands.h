#pragma once

#include <vector>

#include "ops/ports.h"

namespace bl::ops {

/// `doctor`, `migrate`, `prove compat`, `backup`, `restore`, `query`, `lake ...`.
std::vector<Command> commands(const CommandPorts& ports);

}  // namespace bl::ops
