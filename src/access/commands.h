#pragma once

#include <vector>

#include "base/command_line.h"

namespace bl::access {

/// `token create|list|revoke`, `user create|list|role|password|remove`, `audit`,
/// `auth login|logout|status`.
std::vector<Command> commands();

}  // namespace bl::access
