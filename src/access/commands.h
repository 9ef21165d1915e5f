#pragma once

#include <vector>

#include "base/command_line.h"

namespace bl::access {

/// `token create|list|revoke`.
std::vector<Command> commands();

}  // namespace bl::access
