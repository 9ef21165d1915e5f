#pragma once

#include <cstdint>
#include <cstdio>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

/// The command line as data: every domain declares its commands, `app` joins them. Parsing, help
/// and completion are made from the declarations (CLI11 behind the .cc); docs/commands.md is
/// compared with them by a test.
namespace bl {

/// What scripts can trust (DESIGN 10). The only table of exit codes.
enum class ExitCode : int {
  ok = 0,
  regression = 1,  ///< a regression, or a check that failed
  error = 2,       ///< usage, input, access or server
  undecided = 3,   ///< cannot decide
  wrong_machine = 4,
  no_baseline = 5,
};

struct CommandOption {
  std::string name;          ///< `--server`
  std::string value_name;    ///< `URL`; empty for a switch
  std::string help;          ///< one line
  std::string default_text;  ///< empty: none
  bool repeated = false;
  bool required = false;
};

struct CommandArgument {
  std::string name;  ///< `FILE`
  std::string help;
  bool repeated = false;  ///< one or more (zero or more when not required)
  bool required = true;
};

/// The parsed values of one call. Asking for an undeclared name is a BL_CHECK.
class Arguments {
 public:
  bool has(std::string_view name) const;                 ///< given on the command line
  const std::string& text(std::string_view name) const;  ///< given or default; "" when neither
  std::optional<std::string> text_or_null(std::string_view name) const;
  const std::vector<std::string>& list(std::string_view name) const;
  bool flag(std::string_view name) const { return has(name); }
  /// Errors: invalid, naming option and value.
  Result<std::int64_t> integer(std::string_view name, std::int64_t min, std::int64_t max) const;
  Result<double> number(std::string_view name) const;

  std::map<std::string, std::vector<std::string>, std::less<>> values;    ///< what was given
  std::map<std::string, std::vector<std::string>, std::less<>> defaults;  ///< every declared name
};

/// The streams and the environment that a command runs with; a test gives its own.
struct CommandIo {
  std::FILE* in = stdin;
  std::FILE* out = stdout;
  std::FILE* err = stderr;
  std::map<std::string, std::string> environment;
  const std::string* variable(const std::string& name) const;
  /// Serves a data folder inside of this process until it ends. Errors: not_found (nothing to
  /// serve there), conflict (somebody else does). Not set: nobody can.
  std::function<Result<void>(const std::string& data_folder)> serve_folder;
};

struct Command {
  std::string path;     ///< `token create`
  std::string help;     ///< one line
  std::string example;  ///< one real call
  std::vector<CommandOption> options;
  std::vector<CommandArgument> arguments;
  std::function<ExitCode(const Arguments&, CommandIo&)> run;
};

/// Options that every command has: `--help`, `--json`.
/// Parses argv, runs the command. Usage errors: one line and a hint on stderr, nothing on stdout,
/// exit code 2. `--help` anywhere prints help with the example; `--version` the version.
int run_command_line(std::string_view program, std::string_view version,
                     const std::vector<Command>& commands,
                     const std::vector<std::string>& arguments, CommandIo& io);

/// Prints `benchlake: <message>` to `io.err`, and of several faults, of which a message quotes the
/// first, each on its own line; gives ExitCode::error.
ExitCode print_error(CommandIo& io, const Error& error);

}  // namespace bl
