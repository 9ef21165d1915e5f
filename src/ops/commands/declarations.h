#pragma once

#include <memory>

#include "base/terminal.h"
#include "ops/ports.h"

/// The commands, one file each, and what they share. Private to ops.
namespace bl::ops {

Command doctor_command(const CommandPorts& ports);
Command migrate_command(const CommandPorts& ports);
Command prove_compat_command(const CommandPorts& ports);
Command prove_replica_command(const CommandPorts& ports);
Command backup_command(const CommandPorts& ports);
Command restore_command(const CommandPorts& ports);

/// The command with the ports' options; what it creates is its user's alone (umask 077).
using OperatorBody = std::function<Result<ExitCode>(const ServerSetting& setting,
                                                    const Arguments& arguments, CommandIo& io)>;
Command operator_command(const CommandPorts& ports, Command declaration, OperatorBody body);

/// A bar for each phase of a long call. One thread.
class PhaseBars {
 public:
  PhaseBars(std::FILE* stream, const Clock& clock) : stream_(stream), clock_(clock) {}
  void show(std::string_view phase, std::uint64_t done, std::uint64_t total);

 private:
  std::FILE* stream_;
  const Clock& clock_;
  std::string phase_;
  std::uint64_t done_ = 0;
  std::unique_ptr<ProgressBar> bar_;
};

/// Where this program lies. Errors: io.
Result<std::string> own_program();

/// `4.2 MiB, 12,345 rows in 18 tables, schema 4`.
std::string describe(const Manifest& manifest);

}  // namespace bl::ops
