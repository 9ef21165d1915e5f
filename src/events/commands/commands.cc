#include "events/commands.h"

#include "events/commands/declarations.h"

namespace bl::events {

std::vector<Command> commands(const CommandPorts& ports) {
  return {append_command(ports),     import_command(ports),     export_command(ports),
          tail_command(ports),       show_command(ports),       range_command(ports),
          builds_command(ports),     partitions_command(ports), jobs_command(ports),
          activity_command(ports),   status_command(ports),     query_command(ports),
          migrate_command(ports),    optimize_command(ports),   vacuum_command(ports),
          checkpoint_command(ports), fsck_command(ports),       bench_command(ports)};
}

}  // namespace bl::events
