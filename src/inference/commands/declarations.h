#pragma once

#include "inference/commands.h"

/// The commands of this folder, each in a file of its own. Private to it.
namespace bl::inference {

Command ingest_command(const CommandPorts& ports);
Command process_result_command();
Command overrides_command(const CommandPorts& ports);
Command verify_command(const CommandPorts& ports);

}  // namespace bl::inference
