#include "ops/commands.h"

#include "ops/commands/declarations.h"
#include "ops/commands/lake.h"
#include "ops/commands/query.h"

namespace bl::ops {

std::vector<Command> commands(const CommandPorts& ports) {
  std::vector<Command> all = {doctor_command(ports),       migrate_command(ports),
                              prove_compat_command(ports), prove_replica_command(ports),
                              backup_command(ports),       restore_command(ports),
                              query_command(ports)};
  for (Command& command : lake_commands(ports)) all.push_back(std::move(command));
  return all;
}

}  // namespace bl::ops
