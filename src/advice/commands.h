#pragma once

#include <vector>

#include "base/command_line.h"

namespace bl::advice {

/// `comment`.
std::vector<Command> comment_commands();

}  // namespace bl::advice
