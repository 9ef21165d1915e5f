#pragma once

#include <vector>

#include "base/command_line.h"

namespace bl::results {

/// `submit`, `demo`, `series`, `history`, `compare`, `commits list`, `commits repair`.
std::vector<Command> commands();

}  // namespace bl::results
