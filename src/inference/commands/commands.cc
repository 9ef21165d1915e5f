#include "inference/commands.h"

#include "inference/commands/declarations.h"

namespace bl::inference {

std::vector<Command> commands(const CommandPorts& ports) {
  return {ingest_command(ports), process_result_command()};
}

}  // namespace bl::inference
