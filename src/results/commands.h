#pragma once

#include <vector>

#include "base/command_line.h"

namespace bl::results {

/// `submit`, `demo`, `series`, `history`, `compare`.
std::vector<Command> commands();

}  // namespace bl::results
