#pragma once

#include <string>
#include <vector>

#include "base/command_line.h"

namespace bl::gate {

/// `check`, `gate run`, `gate check`, `gate record`, `gate explain`, `gate self-check`. `version`
/// of the program stands in what `gate record` writes.
std::vector<Command> commands(const std::string& version);

}  // namespace bl::gate
