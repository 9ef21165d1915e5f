#include <fmt/format.h>

#include "base/json.h"
#include "base/terminal.h"
#include "results/commands/declarations.h"
#include "results/commands/reading.h"

namespace bl::results {
namespace {

constexpr const char* k_path = "/api/v1/verdicts/projects";

bool is_on(const json::Value& object, const char* key) {
  const json::Value* value = object.find(key);
  return value != nullptr && value->is_bool() && value->as_bool();
}

Result<ExitCode> list(net::ApiClient& server, const Arguments& arguments, CommandIo& io) {
  BL_TRY(const json::Value answer, server.get(k_path));
  if (arguments.flag("--json")) {
    fmt::print(io.out, "{}\n", json::to_text(answer));
    return ExitCode::ok;
  }
  const json::Value* projects = answer.find("projects");
  if (projects == nullptr || !projects->is_array()) {
    return Error{Code::corrupt, "the answer has no projects"};
  }
  Table table({{"repository"}, {"verdicts"}, {"since"}, {"by"}});
  for (const json::Value& one : projects->items()) {
    table.add_row({text_at(one, "repository"), is_on(one, "enabled") ? "on" : "off",
                   text_at(one, "updated_at"), text_at(one, "updated_by")});
  }
  if (!projects->items().empty()) {
    fmt::print(io.out, "{}", table.to_text(terminal_width(io.out), is_color_terminal(io.out)));
  }
  fmt::print(io.err, "{} projects have verdicts {}; {:.0f} series wait for one\n",
             projects->items().empty() ? "all" : "all other",
             is_on(answer, "enabled_by_default") ? "on" : "off",
             number_at(answer, "waiting").value_or(0));
  return ExitCode::ok;
}

Result<ExitCode> set(net::ApiClient& server, const Arguments& arguments, CommandIo& io,
                     bool enabled) {
  std::string body;
  json::Writer(body)
      .begin_object()
      .member("repository", arguments.text("REPOSITORY"))
      .member("enabled", enabled)
      .end_object();
  BL_TRY(const json::Value project, server.put(k_path, body));
  if (arguments.flag("--json")) {
    fmt::print(io.out, "{}\n", json::to_text(project));
  } else {
    fmt::print(io.out, "verdicts of {} are {}\n", text_at(project, "repository"),
               is_on(project, "enabled") ? "on" : "off");
  }
  return ExitCode::ok;
}

Result<ExitCode> switch_on(net::ApiClient& server, const Arguments& arguments, CommandIo& io) {
  return set(server, arguments, io, true);
}

Result<ExitCode> switch_off(net::ApiClient& server, const Arguments& arguments, CommandIo& io) {
  return set(server, arguments, io, false);
}

const CommandArgument k_repository{.name = "REPOSITORY", .help = "its URL"};

}  // namespace

Command verdicts_list_command() {
  return reading_command({.path = "verdicts list",
                          .help = "lists the projects whose verdicts were switched, and how many "
                                  "series wait for one",
                          .example = "benchlake verdicts list",
                          .options = {},
                          .arguments = {},
                          .run = {}},
                         list);
}

Command verdicts_on_command() {
  return reading_command({.path = "verdicts on",
                          .help = "gives the series of a project verdicts, made in the background",
                          .example = "benchlake verdicts on https://github.com/org/repo",
                          .options = {},
                          .arguments = {k_repository},
                          .run = {}},
                         switch_on);
}

Command verdicts_off_command() {
  return reading_command({.path = "verdicts off",
                          .help = "takes the verdicts of a project away, and makes no more",
                          .example = "benchlake verdicts off https://github.com/org/repo",
                          .options = {},
                          .arguments = {k_repository},
                          .run = {}},
                         switch_off);
}

}  // namespace bl::results
