#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/command_line.h"

namespace bl::events {

/// What the configuration says, whether a server runs or not.
struct LogSetting {
  std::string data_folder;
  std::string log_uri;      ///< `events.log`; empty: the server keeps none
  bool is_built_in = true;  ///< nobody has named it
};

/// Bound by app.
struct CommandPorts {
  std::vector<CommandOption> options;  ///< which setting() understands: `--data`, `--config`, ...
  std::function<Result<LogSetting>(const Arguments&, const CommandIo&)> setting;
};

/// `events append`, `import`, `export`, `tail`, `show`, `range`, `builds`, `partitions`, `jobs`,
/// `activity`, `status`, `query`, `bench`, and for Delta tables `migrate`, `optimize`, `vacuum`,
/// `checkpoint`, `fsck`. Each takes `--log URI`; without it the log of the server that is named or
/// runs, else that of the settings, of DATABUILD_BUILD_EVENT_LOG, of the data folder.
std::vector<Command> commands(const CommandPorts& ports);

}  // namespace bl::events
