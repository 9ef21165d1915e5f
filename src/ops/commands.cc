#include "ops/commands.h"

#include "ops/commands/declarations.h"

namespace bl::ops {

std::vector<Command> commands(const CommandPorts& ports) {
  return {doctor_command(ports), migrate_command(ports), prove_compat_command(ports),
          backup_command(ports),
          restore_command(ports)};
}

}  // namespace bl::ops
