#include "inference/commands.h"

#include "inference/commands/declarations.h"

namespace bl::inference {

std::vector<Command> commands(const CommandPorts& ports) {
  return {ingest_command(ports), process_result_command(), overrides_command(ports),
          verify_command(ports)};
}

}  // namespace bl::inference
