#include "ops/commands/lake.h"

#include <fmt/format.h>

#include "base/uri.h"
#include "ops/commands/lake_text.h"
#include "ops/commands/running_server.h"
#include "ops/lake_access.h"
#include "ops/lake_setting.h"
#include "ops/lake_work.h"
#include "ops/store_access.h"

namespace bl::ops {
namespace {

constexpr int k_snapshots = 100;
constexpr std::string_view k_prefix = "lake ";

Result<const lake::LakeOptions*> lake_of(const ServerSetting& setting) {
  if (setting.lake != nullptr) return &setting.lake->options;
  return Error{Code::not_found, "there is no lake: lake.objects is not set"};
}

Progress progress_of(PhaseBars& bars) {
  return [&bars](std::string_view phase, std::uint64_t done, std::uint64_t total) {
    bars.show(phase, done, total);
    return true;
  };
}

void print_json(const json::Value& answer, CommandIo& io) {
  fmt::print(io.out, "{}\n", json::to_text(answer));
}

// Status -------------------------------------------------------------------------------------

Result<json::Value> read_status(const ServerSetting& setting, const std::string& table) {
  LakeSurroundings around;
  if (auto server = running_server(setting.data_folder, *around.disk)) {
    if (table.empty()) return server->get("/api/v1/lake");
    return server->get(
        fmt::format("/api/v1/lake/tables/{}?snapshots={}", percent_encode(table), k_snapshots));
  }
  BL_TRY(const lake::LakeOptions* options, lake_of(setting));
  BL_TRY(const auto lake, open_lake(*options, around));
  BL_TRY(const std::string text, table.empty() ? lake_status(*lake, *options)
                                               : lake_table_status(*lake, table, k_snapshots));
  return json::parse(text);
}

Result<ExitCode> show_status(const ServerSetting& setting, const Arguments& arguments,
                             CommandIo& io) {
  const std::string& table = arguments.text("TABLE");
  BL_TRY(const json::Value answer, read_status(setting, table));
  if (arguments.flag("--json")) {
    print_json(answer, io);
  } else if (table.empty()) {
    print_lake(answer, io);
  } else {
    print_lake_table(answer, io);
  }
  return ExitCode::ok;
}

// Actions ------------------------------------------------------------------------------------

std::string encode(const LakeCall& call, LakeAction::Wants wants) {
  std::string body;
  json::Writer writer(body);
  writer.begin_object();
  if (!call.table.empty()) writer.member("table", call.table);
  if (wants == LakeAction::Wants::table_and_snapshot) writer.member("snapshot", call.snapshot);
  writer.end_object();
  return body;
}

Result<json::Value> act(const ServerSetting& setting, const LakeAction& action,
                        const LakeCall& call, CommandIo& io) {
  LakeSurroundings around;
  PhaseBars bars(io.err, around.clock);
  if (auto server = running_server(setting.data_folder, *around.disk)) {
    return run_operation(*server, "/api/v1/lake/" + std::string(action.name),
                         encode(call, action.wants), bars);
  }
  BL_TRY(const lake::LakeOptions* options, lake_of(setting));
  BL_TRY(const auto lake, open_lake(*options, around));
  BL_TRY(const std::string text, action.work(*lake, call, progress_of(bars)));
  return json::parse(text);
}

Result<ExitCode> run_action(const ServerSetting& setting, const LakeAction& action,
                            const Arguments& arguments, CommandIo& io) {
  LakeCall call;
  if (action.wants != LakeAction::Wants::nothing) call.table = arguments.text("TABLE");
  if (action.wants == LakeAction::Wants::table_and_snapshot) {
    BL_TRY(call.snapshot,
           arguments.integer("SNAPSHOT", 0, std::numeric_limits<std::int64_t>::max()));
  }
  BL_TRY(const json::Value answer, act(setting, action, call, io));
  if (arguments.flag("--json")) {
    print_json(answer, io);
  } else {
    print_outcome(action.name, answer, io);
  }
  const json::Value* found = answer.find("found");
  const bool is_broken = found != nullptr && found->as_int64().value_or(0) > 0;
  return is_broken ? ExitCode::regression : ExitCode::ok;
}

/// `lake verify` does the action `verify`.
Command action_command(const CommandPorts& ports, Command declaration) {
  const LakeAction& action = lake_action(declaration.path.substr(k_prefix.size()));
  return operator_command(
      ports, std::move(declaration),
      [&action](const ServerSetting& setting, const Arguments& arguments, CommandIo& io) {
        return run_action(setting, action, arguments, io);
      });
}

// Replica ------------------------------------------------------------------------------------

constexpr const char* k_refresh_path = "/api/v1/lake/refresh";

Result<ReplicaCall> replica_call_of(const Arguments& arguments) {
  using Work = ReplicaCall::Work;
  ReplicaCall call;
  call.results = arguments.list("--removed");
  const int wishes = static_cast<int>(arguments.flag("--check")) +
                     static_cast<int>(arguments.flag("--repair")) +
                     static_cast<int>(!call.results.empty());
  if (wishes > 1) {
    return Error{Code::invalid, "--check, --repair and --removed do not go together"};
  }
  if (arguments.flag("--check")) call.work = Work::check;
  if (arguments.flag("--repair")) call.work = Work::repair;
  if (!call.results.empty()) call.work = Work::prove_removed;
  return call;
}

std::string encode(const ReplicaCall& call) {
  constexpr const char* k_names[] = {"refresh", "check", "repair", "prove_removed"};
  std::string body;
  json::Writer writer(body);
  writer.begin_object().member("work", k_names[static_cast<int>(call.work)]);
  if (!call.results.empty()) {
    writer.key("results").begin_array();
    for (const std::string& id : call.results) writer.value(id);
    writer.end_array();
  }
  writer.end_object();
  return body;
}

Result<json::Value> replicate(const CommandPorts& ports, const ServerSetting& setting,
                              const ReplicaCall& call, CommandIo& io) {
  LakeSurroundings around;
  PhaseBars bars(io.err, around.clock);
  if (auto server = running_server(setting.data_folder, *around.disk)) {
    return run_operation(*server, k_refresh_path, encode(call), bars);
  }
  BL_TRY(const lake::LakeOptions* options, lake_of(setting));
  BL_TRY(const OpenedStore store, open_as_owner(setting.place, around.clock));
  BL_RETURN_IF_ERROR(store.database->migrate(ports.migrations));
  BL_TRY(const auto lake, open_lake(*options, around));
  BL_TRY(const std::string text, ports.replica(*store.database, *lake, call, progress_of(bars)));
  return json::parse(text);
}

/// Of a check: of results, and of sweeps.
std::int64_t differences_in(const json::Value& answer) {
  std::int64_t found = 0;
  for (const json::Value* part : {&answer, answer.find("sweeps")}) {
    const json::Value* count = part == nullptr ? nullptr : part->find("found");
    if (count != nullptr) found += count->as_int64().value_or(0);
  }
  return found;
}

Command refresh_command(const CommandPorts& ports) {
  return operator_command(
      ports,
      {.path = "lake refresh",
       .help =
           "brings new results and sweeps over to the lake; exit code 1: a check found differences",
       .example = "benchlake lake refresh --check --data ./data",
       .options = {{.name = "--check", .help = "compare every row of store and lake"},
                   {.name = "--repair", .help = "compare, and make the lake as the store is"},
                   {.name = "--removed",
                    .value_name = "ID",
                    .help = "prove that this deleted result is in no file of the lake",
                    .repeated = true}},
       .arguments = {}},
      [ports](const ServerSetting& setting, const Arguments& arguments,
              CommandIo& io) -> Result<ExitCode> {
        BL_TRY(const ReplicaCall call, replica_call_of(arguments));
        BL_TRY(const json::Value answer, replicate(ports, setting, call, io));
        if (arguments.flag("--json")) {
          print_json(answer, io);
        } else {
          print_replicated(answer, io);
        }
        const json::Value* gone = answer.find("gone");
        const bool is_wrong =
            (call.work == ReplicaCall::Work::check && differences_in(answer) > 0) ||
            (gone != nullptr && gone->is_bool() && !gone->as_bool());
        return is_wrong ? ExitCode::regression : ExitCode::ok;
      });
}

// Rebuild ------------------------------------------------------------------------------------

Result<void> demand_consent(const lake::LakeOptions& options, bool is_said, Disk& disk) {
  BL_TRY(const bool there, has_catalog_file(options, disk));
  if (!there || is_said) return {};
  return Error{Code::invalid,
               "a catalog is there: say --yes to move it aside and make it anew from the files; "
               "earlier snapshots cannot be rolled back to then"};
}

Result<ExitCode> rebuild(const ServerSetting& setting, const Arguments& arguments, CommandIo& io) {
  LakeSurroundings around;
  BL_TRY(const lake::LakeOptions* options, lake_of(setting));
  if (running_server(setting.data_folder, *around.disk)) {
    return Error{Code::conflict, "a server has this lake: stop it first: " + setting.data_folder};
  }
  BL_RETURN_IF_ERROR(demand_consent(*options, arguments.flag("--yes"), *around.disk));
  PhaseBars bars(io.err, around.clock);
  BL_TRY(const RebuiltCatalog made,
         rebuild_lake(*options, around,
                      [&](std::size_t done, std::size_t all) { bars.show("tables", done, all); }));
  std::string text;
  json::Writer(text)
      .begin_object()
      .member("tables", made.rebuilt.tables)
      .member("files", made.rebuilt.files)
      .member("rows", made.rebuilt.rows)
      .member("aside", made.aside.empty() ? std::nullopt : std::optional(made.aside))
      .end_object();
  BL_TRY(const json::Value answer, json::parse(text));
  if (arguments.flag("--json")) {
    print_json(answer, io);
  } else {
    print_outcome("rebuild", answer, io);
  }
  return ExitCode::ok;
}

Command status_command(const CommandPorts& ports) {
  return operator_command(ports,
                          {.path = "lake status",
                           .help = "shows the tables of the lake; of one table also its snapshots",
                           .example = "benchlake lake status --data ./data",
                           .options = {},
                           .arguments = {{.name = "TABLE",
                                          .help = "one table, with its newest snapshots",
                                          .required = false}}},
                          show_status);
}

Command rebuild_command(const CommandPorts& ports) {
  return operator_command(
      ports,
      {.path = "lake rebuild",
       .help = "makes a lost or damaged catalog anew from the files; no server may run",
       .example = "benchlake lake rebuild --yes --data ./data",
       .options = {{.name = "--yes", .help = "move a catalog that is there aside"}},
       .arguments = {}},
      rebuild);
}

}  // namespace

std::vector<Command> lake_commands(const CommandPorts& ports) {
  const CommandArgument only_this{.name = "TABLE", .help = "only this one", .required = false};
  const std::vector<Command> actions = {
      {.path = "lake verify",
       .help = "reads every file and compares it with the catalog; exit code 1: findings",
       .example = "benchlake lake verify --data ./data",
       .options = {},
       .arguments = {only_this}},
      {.path = "lake compact",
       .help = "puts small files together, now",
       .example = "benchlake lake compact --data ./data",
       .options = {},
       .arguments = {only_this}},
      {.path = "lake expire",
       .help = "forgets old snapshots and removes the files that only they list",
       .example = "benchlake lake expire --data ./data",
       .options = {},
       .arguments = {}},
      {.path = "lake sweep",
       .help = "removes files that failed commits have left",
       .example = "benchlake lake sweep --data ./data",
       .options = {},
       .arguments = {}},
      {.path = "lake rollback",
       .help = "makes the newest snapshot list the files of an earlier one",
       .example = "benchlake lake rollback spans 41 --data ./data",
       .options = {},
       .arguments = {{.name = "TABLE", .help = "the table"},
                     {.name = "SNAPSHOT", .help = "a number that `lake status TABLE` shows"}}},
  };
  std::vector<Command> all = {status_command(ports), refresh_command(ports),
                              rebuild_command(ports)};
  for (const Command& action : actions) all.push_back(action_command(ports, action));
  return all;
}

}  // namespace bl::ops
