#pragma once

#include "base/command_line.h"
#include "results/commands.h"

/// The commands of this folder, each in a file of its own.
namespace bl::results {

Command submit_command();
Command demo_command(FullDemo full_demo);
Command series_command();
Command history_command();
Command compare_command();
Command results_get_command();
Command results_undo_command();
Command ci_report_command();
Command commits_list_command();
Command commits_repair_command();
Command alerts_list_command();
Command alerts_evaluate_command();
Command alerts_deliver_command();
Command verdicts_list_command();
Command verdicts_on_command();
Command verdicts_off_command();
Command reads_status_command();
Command reads_mismatches_command();
Command reads_replay_command();
Command reads_explain_command();

}  // namespace bl::results
