#include "traces/commands.h"

#include "traces/commands/asking.h"

namespace bl::traces {

std::vector<Command> commands() {
  return {get_command(),    search_command(), services_command(), critical_path_command(),
          export_command(), import_command(), diff_command(),     track_command(),
          link_command(),   unlink_command(), links_command(),    status_command(),
          bench_command(),  expire_command(), triggers_command()};
}

}  // namespace bl::traces
