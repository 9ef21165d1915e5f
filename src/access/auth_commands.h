#pragma once

#include <vector>

#include "base/command_line.h"

namespace bl::access {

/// `auth login`, `auth logout`, `auth status`: a person's own token on their own machine, by their
/// browser (net/credentials.h keeps it). Private to this folder.
std::vector<Command> auth_commands();

}  // namespace bl::access
