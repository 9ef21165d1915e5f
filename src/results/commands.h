#pragma once

#include <vector>

#include "base/command_line.h"

namespace bl::results {

/// `submit`, `demo`, `series`, `history`, `compare`, `commits list`, `commits repair`,
/// `alerts list`, `alerts evaluate`, `alerts deliver`.
std::vector<Command> commands();

}  // namespace bl::results
