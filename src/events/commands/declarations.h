#pragma once

#include "events/commands.h"

/// The commands of this folder. Private to it.
namespace bl::events {

Command append_command(const CommandPorts& ports);
Command import_command(const CommandPorts& ports);
Command export_command(const CommandPorts& ports);
Command tail_command(const CommandPorts& ports);
Command show_command(const CommandPorts& ports);
Command range_command(const CommandPorts& ports);
Command builds_command(const CommandPorts& ports);
Command partitions_command(const CommandPorts& ports);
Command jobs_command(const CommandPorts& ports);
Command activity_command(const CommandPorts& ports);
Command status_command(const CommandPorts& ports);
Command query_command(const CommandPorts& ports);
Command migrate_command(const CommandPorts& ports);
Command optimize_command(const CommandPorts& ports);
Command vacuum_command(const CommandPorts& ports);
Command checkpoint_command(const CommandPorts& ports);
Command fsck_command(const CommandPorts& ports);
Command bench_command(const CommandPorts& ports);

}  // namespace bl::events
