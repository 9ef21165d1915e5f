#include <fmt/format.h>
#include <sys/stat.h>

#include "base/terminal.h"
#include "inference/commands/declarations.h"

namespace bl::inference {
namespace {

std::string edit_json(const AttemptEdit& edit) {
  std::string text;
  json::Writer writer(text);
  writer.begin_object().member("github_run_id", std::to_string(edit.github_run_id));
  writer.member("run_attempt", edit.attempt).member("date", edit.date);
  writer.member("reason", edit.reason).member("purged", edit.is_purged);
  writer.member("conclusion_before", edit.conclusion_before);
  writer.member("conclusion_after", edit.conclusion_after);
  writer.member("points", edit.points).member("evaluations", edit.evals);
  writer.member("run_stats", edit.stats).member("changelogs", edit.changelogs);
  writer.member("server_logs", edit.server_logs).member("gpu_metrics", edit.gpu_metrics);
  writer.end_object();
  return text;
}

void print(const std::vector<AttemptEdit>& edits, const Arguments& arguments, CommandIo& io) {
  if (arguments.flag("--json")) {
    for (const AttemptEdit& edit : edits) fmt::print(io.out, "{}\n", edit_json(edit));
    return;
  }
  Table table({{"run"}, {"attempt", Table::Align::right}, {"date"}, {"change"}, {"reason"}});
  for (const AttemptEdit& edit : edits) {
    const std::string change =
        edit.is_purged ? fmt::format("purged: {} points, {} evaluations", edit.points, edit.evals)
                       : fmt::format("{} -> {}", edit.conclusion_before.value_or("no conclusion"),
                                     edit.conclusion_after.value_or("no conclusion"));
    table.add_row({std::to_string(edit.github_run_id), std::to_string(edit.attempt), edit.date,
                   change, edit.reason});
  }
  if (!edits.empty()) {
    fmt::print(io.out, "{}", table.to_text(terminal_width(io.out), is_color_terminal(io.out)));
  }
}

Result<ExitCode> edit(const IngestSetting& setting, const Arguments& arguments, CommandIo& io) {
  BL_TRY(const Overrides overrides, setting.overrides());
  BL_TRY(const auto store, setting.open_store());
  const bool is_done = arguments.flag("--yes");
  BL_TRY(const std::vector<AttemptEdit> edits,
         is_done ? store->editor().apply(overrides, {"", "command line"})
                 : store->editor().preview(overrides));
  print(edits, arguments, io);
  if (edits.empty()) {
    fmt::print(io.err, "all is as the overrides say\n");
  } else if (!is_done) {
    fmt::print(io.err, "nothing was changed; --yes does it\n");
  }
  return ExitCode::ok;
}

Result<ExitCode> verify(const IngestSetting& setting, const Arguments& arguments, CommandIo& io) {
  BL_TRY(const auto store, setting.open_store());
  BL_TRY(const SweepCheck check, store->check());
  if (arguments.flag("--json")) {
    std::string text;
    json::Writer writer(text);
    writer.begin_object().key("counts").begin_object();
    for (const auto& [name, count] : check.counts) writer.member(name, count);
    writer.end_object().member("first_date", check.first_date);
    writer.member("last_date", check.last_date).key("faults").begin_array();
    for (const std::string& fault : check.faults) writer.value(fault);
    writer.end_array().end_object();
    fmt::print(io.out, "{}\n", text);
  } else {
    Table table({{"what"}, {"rows", Table::Align::right}});
    for (const auto& [name, count] : check.counts) table.add_row({name, std::to_string(count)});
    fmt::print(io.out, "{}", table.to_text(terminal_width(io.out), is_color_terminal(io.out)));
    if (!check.first_date.empty()) {
      fmt::print(io.out, "runs from {} to {}\n", check.first_date, check.last_date);
    }
    for (const std::string& fault : check.faults) fmt::print(io.out, "FAULT: {}\n", fault);
  }
  return check.faults.empty() ? ExitCode::ok : ExitCode::regression;
}

using Body = Result<ExitCode> (*)(const IngestSetting&, const Arguments&, CommandIo&);

Command on_own_store(const CommandPorts& ports, Command command, Body body) {
  for (const CommandOption& option : ports.options) command.options.push_back(option);
  command.run = [setting = ports.setting, body](const Arguments& arguments, CommandIo& io) {
    umask(077);
    const auto known = setting(arguments, io);
    if (!known.ok()) return print_error(io, known.error());
    const auto outcome = body(*known, arguments, io);
    return outcome.ok() ? *outcome : print_error(io, outcome.error());
  };
  return command;
}

}  // namespace

Command overrides_command(const CommandPorts& ports) {
  return on_own_store(
      ports,
      {.path = "inference overrides",
       .help = "puts conclusions of runs right and takes purged runs away, as inference.overrides "
               "says: shows what would change, with --yes does it",
       .example = "benchlake inference overrides --yes --data ./data",
       .options = {{.name = "--yes", .help = "change the store"}},
       .arguments = {},
       .run = {}},
      edit);
}

Command verify_command(const CommandPorts& ports) {
  return on_own_store(ports,
                      {.path = "inference verify",
                       .help = "counts what is stored of sweeps, and says what is not right in "
                               "itself; exit code 1: something is not",
                       .example = "benchlake inference verify --data ./data",
                       .options = {},
                       .arguments = {},
                       .run = {}},
                      verify);
}

}  // namespace bl::inference
