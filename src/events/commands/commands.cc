#include "events/commands.h"

#include "events/commands/declarations.h"

namespace bl::events {

std::vector<Command> commands(const CommandPorts& ports) {
  return {append_command(ports), import_command(ports),   export_command(ports),
          tail_command(ports),   builds_command(ports),   partitions_command(ports),
          jobs_command(ports),   activity_command(ports), status_command(ports),
          bench_command(ports)};
}

}  // namespace bl::events
