#pragma once

#include "inference/commands.h"

/// The commands of this folder, each in a file of its own. Private to it.
namespace bl::inference {

Command ingest_command(const CommandPorts& ports);
Command process_result_command();

}  // namespace bl::inference
