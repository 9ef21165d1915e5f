#include "results/commands.h"

#include "results/commands/declarations.h"

namespace bl::results {

std::vector<Command> commands(FullDemo full_demo) {
  return {submit_command(),           demo_command(std::move(full_demo)),
          series_command(),           history_command(),
          compare_command(),          results_get_command(),
          ci_report_command(),        commits_list_command(),
          commits_repair_command(),   alerts_list_command(),
          alerts_evaluate_command(),  alerts_deliver_command(),
          verdicts_list_command(),    verdicts_on_command(),
          verdicts_off_command(),     reads_status_command(),
          reads_mismatches_command(), reads_replay_command(),
          reads_explain_command(),    results_undo_command()};
}

}  // namespace bl::results
