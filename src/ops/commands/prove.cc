#include <fmt/format.h>

#include "ops/commands/declarations.h"
#include "ops/prove/compat.h"

namespace bl::ops {
namespace {

void print_report(const CompatReport& report, CommandIo& io) {
  Table table({{"gate"}, {"outcome"}, {"what"}});
  for (const Gate& gate : report.gates)
    table.add_row({gate.name, name_of(gate.outcome), gate.what});
  fmt::print(io.out, "{}", table.to_text(terminal_width(io.out), is_color_terminal(io.out)));
  for (const Probe& probe : report.probes) {
    if (!probe.passed)
      fmt::print(io.err, "failed: {} {} {}\n", probe.kind, probe.status, probe.what);
  }
}

Result<ExitCode> prove(const CommandPorts& ports, const ServerSetting& setting,
                       const Arguments& arguments, CommandIo& io) {
  if (setting.place.dialect == store::Dialect::sqlite) {
    return Error{Code::unsupported,
                 "not supported: a move is proved on a restored PostgreSQL database, not on " +
                     setting.place.redacted};
  }
  const SystemClock clock;
  const std::unique_ptr<Disk> disk = make_real_disk();
  CompatRequest request;
  request.place = setting.place;
  request.server = arguments.text_or_null("--server").value_or("");
  while (request.server.ends_with('/')) request.server.pop_back();
  request.allowed_hosts = arguments.list("--allow-host");
  request.confirm = arguments.text_or_null("--confirm").value_or("");
  BL_TRY(request.program, own_program());
  request.folder = arguments.text_or_null("--out").value_or("var/prove");
  request.browser_script = arguments.text_or_null("--browser-script").value_or("");
  request.logs = arguments.list("--log");
  BL_TRY(const CompatReport report, prove_compat(request, clock, *disk));
  const std::string text = sanitised(report, to_rfc3339(clock.now()), ports.version);
  const std::string file =
      arguments.text_or_null("--report").value_or(request.folder + "/report.md");
  BL_RETURN_IF_ERROR(write_file_atomically(*disk, file, text, FileMode::normal));
  print_report(report, io);
  fmt::print(io.err, "{}; the report is {}, raw artefacts are in {}\n", name_of(report.outcome()),
             file, request.folder);
  return report.outcome() == Gate::Outcome::passed   ? ExitCode::ok
         : report.outcome() == Gate::Outcome::failed ? ExitCode::regression
                                                     : ExitCode::undecided;
}

}  // namespace

Command prove_compat_command(const CommandPorts& ports) {
  return operator_command(
      ports,
      {.path = "prove compat",
       .help = "proves, by a role that may only read, that a restored Conbench database is served",
       .example = "benchlake prove compat --store postgres://looker@localhost/clone "
                  "--confirm read-only",
       .options = {{.name = "--server",
                    .value_name = "URL",
                    .help = "a running benchlake over that database; else one is started"},
                   {.name = "--confirm", .value_name = "read-only", .help = "must say read-only"},
                   {.name = "--allow-host",
                    .value_name = "HOST",
                    .help = "host of the database or the server, beside this machine",
                    .repeated = true},
                   {.name = "--browser-script",
                    .value_name = "FILE",
                    .help = "drives a browser over the pages: tests/browser/prove.mjs"},
                   {.name = "--log",
                    .value_name = "FILE",
                    .help = "log of PostgreSQL, searched for writes that it refused",
                    .repeated = true},
                   {.name = "--out",
                    .value_name = "DIR",
                    .help = "for raw artefacts; else var/prove"},
                   {.name = "--report",
                    .value_name = "FILE",
                    .help = "aggregates only, as Markdown; else DIR/report.md"}},
       .arguments = {}},
      [ports](const ServerSetting& setting, const Arguments& arguments, CommandIo& io) {
        return prove(ports, setting, arguments, io);
      });
}

}  // namespace bl::ops
