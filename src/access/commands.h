#pragma once

#include <vector>

#include "base/command_line.h"

namespace bl::access {

/// `token create|list|revoke`, `user create|list|role|password|remove`, `audit`.
std::vector<Command> commands();

}  // namespace bl::access
