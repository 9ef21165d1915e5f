#include "ops/restore.h"

#include <fmt/format.h>

#include "base/json.h"
#include "ops/commands/declarations.h"

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
  return ExitCode::ok;
}

}  // namespace

Command restore_command(const CommandPorts& ports) {
  return operator_command(
      ports,
      {.path = "restore",
       .help = "puts a backup in the store's place; no server may run on it",
       .example = "benchlake restore /backup/benchlake-20261121T180000Z.db --data ./data",
       .options = {{.name = "--force", .help = "replace a store that holds rows"}},
       .arguments = {{.name = "BACKUP", .help = "the file; its manifest lies beside it"}}},
      [migrations = ports.migrations](const ServerSetting& setting, const Arguments& arguments,
                                      CommandIo& io) {
        return restore(migrations, setting, arguments, io);
      });
}

}  // namespace bl::ops
