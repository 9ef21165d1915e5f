#include "ops/restore.h"

#include <fmt/format.h>

#include "base/json.h"
#include "ops/commands/declarations.h"
#include "ops/lake_access.h"
#include "ops/lake_setting.h"

namespace bl::ops {
namespace {

Result<ExitCode> restore(const std::vector<store::Migration>& migrations,
                         const ServerSetting& setting, const Arguments& arguments, CommandIo& io) {
  const auto disk = make_real_disk();
  const SystemClock clock;
  RestoreRequest request{.place = setting.place,
                         .data_folder = setting.data_folder,
                         .backup = arguments.text("BACKUP"),
                         .migrations = migrations};
  LakeSurroundings around;
  const lake::LakeWorld world = around.world();
  if (setting.restored_lake != nullptr) {
    request.lake = &setting.restored_lake->options;
    request.world = &world;
  }
  request.events = &setting.events;
  request.store_alone = arguments.flag("--store-only");
  if (arguments.flag("--force")) request.existing = RestoreRequest::Existing::replace;
  Result<RestoreOutcome> restored = [&] {
    PhaseBars bars(io.err, clock);
    return restore_backup(request, *disk, clock,
                          [&](std::string_view phase, std::uint64_t done, std::uint64_t total) {
                            bars.show(phase, done, total);
                            return true;
                          });
  }();
  BL_TRY(const RestoreOutcome outcome, std::move(restored));
  if (arguments.flag("--json")) {
    std::string text;
    json::Writer writer(text);
    writer.begin_object()
        .member("store", setting.place.redacted)
        .member("kept", outcome.kept.empty() ? std::nullopt : std::optional(outcome.kept));
    writer.member("lake", outcome.has_lake).key("kept_lake").begin_array();
    for (const std::string& path : outcome.kept_lake) writer.value(path);
    writer.end_array();
    writer.member("events", outcome.has_events).key("kept_events").begin_array();
    for (const std::string& path : outcome.kept_events) writer.value(path);
    writer.end_array();
    writer.key("manifest").raw(encode(outcome.manifest)).end_object();
    std::erase(text, '\n');
    fmt::print(io.out, "{}\n", text);
    return ExitCode::ok;
  }
  fmt::print(io.err, "restored: {}, of {}\n", describe(outcome.manifest),
             to_rfc3339_seconds(outcome.manifest.made_at));
  if (!outcome.kept.empty()) {
    fmt::print(io.err, "the replaced store is kept, remove it when you are sure: {}\n",
               outcome.kept);
  }
  for (const std::string& path : outcome.kept_lake) {
    fmt::print(io.err, "a part of the replaced lake is kept: {}\n", path);
  }
  for (const std::string& path : outcome.kept_events) {
    fmt::print(io.err, "the replaced log of build events is kept: {}\n", path);
  }
  if (setting.lake != nullptr && !outcome.has_lake) {
    fmt::print(io.err,
               "the lake did not come back with it: `benchlake lake refresh --repair` makes its "
               "replica as the store is now\n");
  }
  return ExitCode::ok;
}

}  // namespace

Command restore_command(const CommandPorts& ports) {
  return operator_command(
      ports,
      {.path = "restore",
       .help =
           "puts a backup in the place of store, lake and build events; no server may run on them",
       .example = "benchlake restore /backup/benchlake-20261121T180000Z.db --data ./data",
       .options = {{.name = "--force",
                    .help = "replace a store that holds rows, a lake, a log of build events"},
                   {.name = "--store-only",
                    .help = "leave the backup's lake and build events out"}},
       .arguments = {{.name = "BACKUP", .help = "the file; its manifest lies beside it"}}},
      [migrations = ports.migrations](const ServerSetting& setting, const Arguments& arguments,
                                      CommandIo& io) {
        return restore(migrations, setting, arguments, io);
      });
}

}  // namespace bl::ops
