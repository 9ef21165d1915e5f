#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/disk.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/random.h"
#include "events/commands.h"
#include "events/log.h"
#include "events/log_uri.h"
#include "events/open_log.h"
#include "net/server_address.h"

/// The log that a command works on. Private to the commands.
namespace bl::events {

/// The world that a command runs in, with a folder of its own that goes with it.
class CommandWorld {
 public:
  explicit CommandWorld(const CommandIo& io);
  ~CommandWorld();
  CommandWorld(const CommandWorld&) = delete;
  CommandWorld& operator=(const CommandWorld&) = delete;

  /// Its scratch is a folder that goes with this. Errors: io.
  Result<LogWorld> log_world();

  const std::unique_ptr<Disk> disk = make_real_disk();
  const SystemClock clock;
  SystemRandom random;
  Metrics metrics;
  Log log{clock, LogLevel::warning, stderr_sink()};

 private:
  const std::string temporary_;
  std::string scratch_;
};

enum class LogUse : unsigned char {
  read,  ///< what is not there is not made
  write,
};

/// Where the log is: of a server, or a URI.
struct LogPlace {
  std::optional<net::ServerAddress> server;
  std::string uri;
};
/// `--log`; else the server of `--server` and BENCHLAKE_SERVER, or that which runs on the data
/// folder; else `events.log`, DATABUILD_BUILD_EVENT_LOG, the data folder's own. Errors: not_found
/// (none of them is there; says how to name one).
Result<LogPlace> find_log(const CommandPorts& ports, const Arguments& arguments,
                          const CommandIo& io, Disk& disk);
/// The URI of a log in this process. Errors: invalid (`--log` is missing).
Result<LogUri> named_log(const Arguments& arguments);

Result<std::unique_ptr<EventLog>> open_log_at(const LogPlace& place, LogUse use,
                                              CommandWorld& world);
/// Both.
Result<std::unique_ptr<EventLog>> open_command_log(const CommandPorts& ports,
                                                   const Arguments& arguments, const CommandIo& io,
                                                   LogUse use, CommandWorld& world);

/// What a command does with its log.
using LogBody = std::function<Result<ExitCode>(EventLog& log, const Arguments& arguments,
                                               CommandIo& io, CommandWorld& world)>;
/// The command with `--log`, the ports' and the server's options; what it creates is its user's
/// alone (umask 077).
Command log_command(const CommandPorts& ports, Command declaration, LogUse use, LogBody body);
void add_log_options(Command& command, const CommandPorts& ports);
/// As print_error(); with `--json` one line `{"code":"conflict","message":"...","faults":[...]}`, a
/// fault as `{"path","message","value"}`.
ExitCode report(const Error& error, const Arguments& arguments, CommandIo& io);

}  // namespace bl::events
