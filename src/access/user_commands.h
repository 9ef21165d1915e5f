#pragma once

#include <vector>

#include "base/command_line.h"

namespace bl::access {

/// `user create`, `user list`, `user role`, `user password`, `user remove`, `audit`: through the
/// running server, with an admin's token. Private to this folder.
std::vector<Command> user_commands();

}  // namespace bl::access
