#include "ops/commands/declarations.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <filesystem>

namespace bl::ops {

Command operator_command(const CommandPorts& ports, Command declaration, OperatorBody body) {
  for (const CommandOption& option : ports.options) declaration.options.push_back(option);
  declaration.run = [setting = ports.setting, body = std::move(body)](const Arguments& arguments,
                                                                      CommandIo& io) {
    umask(077);
    const Result<ServerSetting> known = setting(arguments, io);
    if (!known.ok()) return print_error(io, known.error());
    const Result<ExitCode> outcome = body(*known, arguments, io);
    return outcome.ok() ? *outcome : print_error(io, outcome.error());
  };
  return declaration;
}

void PhaseBars::show(std::string_view phase, std::uint64_t done, std::uint64_t total) {
  if (phase.empty()) return;
  if (bar_ == nullptr || phase != phase_ || done < done_) {
    bar_.reset();
    phase_ = phase;
    done_ = 0;
    bar_ = std::make_unique<ProgressBar>(stream_, clock_, phase_, total);
  }
  bar_->advance(done - done_);
  done_ = done;
}

Result<std::string> own_program() {
  std::error_code error;
  const auto path = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) return Error{Code::io, "this program does not know where it is: " + error.message()};
  return path.string();
}

std::string describe(const Manifest& manifest) {
  std::int64_t rows = 0;
  for (const store::TableRows& table : manifest.tables) rows += table.rows;
  std::string words = fmt::format(
      "{}, {} rows in {} tables, schema {}", human_value(static_cast<double>(manifest.bytes), "B"),
      with_thousands(static_cast<std::uint64_t>(rows)), manifest.tables.size(), manifest.schema);
  if (manifest.events) {
    words += fmt::format("; and {} build events: {}",
                         with_thousands(static_cast<std::uint64_t>(manifest.events->events)),
                         human_value(static_cast<double>(manifest.events->bytes), "B"));
  }
  if (!manifest.lake) return words;
  std::int64_t lake_rows = 0;
  for (const store::TableRows& table : manifest.lake->tables) lake_rows += table.rows;
  words += fmt::format("; and a lake: {}, {} rows in {} tables",
                       human_value(static_cast<double>(manifest.lake->bytes), "B"),
                       with_thousands(static_cast<std::uint64_t>(lake_rows)),
                       manifest.lake->tables.size());
  return words;
}

}  // namespace bl::ops
