#pragma once

#include <vector>

#include "base/command_line.h"

namespace bl::traces {

/// `traces get`, `search`, `services`, `critical-path`, `export`, `import`, `diff`, `link`,
/// `unlink`, `links`, `status`, `bench`, `expire`: through the server that is named or runs on
/// the data folder, else one inside of this process; `traces triggers`, which reads files alone.
std::vector<Command> commands();

}  // namespace bl::traces
