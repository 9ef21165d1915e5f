#pragma once

#include <functional>
#include <vector>

#include "base/command_line.h"
#include "base/result.h"
#include "net/server_address.h"

/// What the commands of this folder share. Private to it.
namespace bl::access {

using Action = Result<void> (*)(const Arguments&, CommandIo&);

/// A command's `run`: prints the action's error.
inline std::function<ExitCode(const Arguments&, CommandIo&)> runner(Action action) {
  return [action](const Arguments& arguments, CommandIo& io) {
    const Result<void> outcome = action(arguments, io);
    return outcome.ok() ? ExitCode::ok : print_error(io, outcome.error());
  };
}

/// The options, then those of every command that asks a server.
inline std::vector<CommandOption> with_server_options(std::vector<CommandOption> options) {
  for (CommandOption& option : net::server_options()) options.push_back(std::move(option));
  return options;
}

}  // namespace bl::access
