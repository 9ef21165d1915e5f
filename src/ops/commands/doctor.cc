#include "ops/doctor.h"

#include <fmt/format.h>

#include "base/json.h"
#include "ops/commands/declarations.h"

namespace bl::ops {
namespace {

using Severity = Finding::Severity;

void print_json(const std::vector<Finding>& findings, CommandIo& io) {
  std::string text;
  json::Writer writer(text);
  writer.begin_object().member("worst", name_of(worst_of(findings)));
  writer.key("findings").begin_array();
  for (const Finding& finding : findings) {
    writer.begin_object()
        .member("severity", name_of(finding.severity))
        .member("check", finding.check)
        .member("where", finding.where)
        .member("what", finding.what)
        .member("remedy", finding.remedy.empty() ? std::nullopt : std::optional(finding.remedy))
        .end_object();
  }
  writer.end_array().end_object();
  fmt::print(io.out, "{}\n", text);
}

/// A log line or a path may hold anything; a terminal must not obey it.
std::string printable(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  return text;
}

void print_people(const std::vector<Finding>& findings, CommandIo& io) {
  for (const Finding& finding : findings) {
    fmt::print(io.out, "{:8} {:13} {}: {}\n", name_of(finding.severity), finding.check,
               printable(finding.where), printable(finding.what));
    if (!finding.remedy.empty())
      fmt::print(io.out, "{:8} {:13} -> {}\n", "", "", printable(finding.remedy));
  }
}

Result<ExitCode> examine(const CommandPorts& ports, const ServerSetting& setting,
                         const Arguments& arguments, CommandIo& io) {
  const auto disk = make_real_disk();
  const SystemClock clock;
  const std::vector<Finding> findings =
      diagnose({setting, ports.migrations, ports.facts, ports.version}, *disk, clock);
  if (arguments.flag("--json")) {
    print_json(findings, io);
  } else {
    print_people(findings, io);
  }
  return worst_of(findings) == Severity::error ? ExitCode::regression : ExitCode::ok;
}

}  // namespace

Command doctor_command(const CommandPorts& ports) {
  return operator_command(
      ports,
      {.path = "doctor",
       .help = "says what is wrong with an installation and what to do; changes nothing",
       .example = "benchlake doctor --data ./data",
       .options = {},
       .arguments = {}},
      [ports](const ServerSetting& setting, const Arguments& arguments, CommandIo& io) {
        return examine(ports, setting, arguments, io);
      });
}

}  // namespace bl::ops
