#include "ops/backup.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <filesystem>

#include "ops/commands/declarations.h"
#include "ops/commands/running_server.h"
#include "ops/lake_access.h"
#include "ops/lake_setting.h"

namespace bl::ops {
namespace {

/// A folder gets a name with the time in it.
std::string path_of_backup(const std::string& wanted, store::Dialect dialect, Timestamp now) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  const fs::path path = fs::absolute(wanted, ignored).lexically_normal();
  if (!wanted.ends_with('/') && !fs::is_directory(path, ignored)) return path.string();
  std::string time = to_rfc3339_seconds(now);
  std::erase_if(time, [](char c) { return c == '-' || c == ':'; });
  return (path /
          fmt::format("benchlake-{}.{}", time, dialect == store::Dialect::sqlite ? "db" : "dump"))
      .lexically_normal()
      .string();
}

/// The server makes it, as its own user; we look on.
Result<Manifest> ask_server(net::ApiClient& server, const std::string& path, bool store_only,
                            PhaseBars& bars) {
  std::string body;
  json::Writer writer(body);
  writer.begin_object().member("path", path);
  if (store_only) writer.member("store_only", true);
  writer.end_object();
  BL_TRY(const json::Value result, run_operation(server, "/api/v1/backups", body, bars));
  return decode_manifest(json::to_text(result));
}

/// Nobody runs: this process opens the lake itself.
Result<Manifest> make_here(const std::string& version, const ServerSetting& setting,
                           const std::string& path, bool store_only, PhaseBars& bars) {
  LakeSurroundings around;
  const Progress progress = [&](std::string_view phase, std::uint64_t done, std::uint64_t total) {
    bars.show(phase, done, total);
    return true;
  };
  BackupRequest request{setting.place, path, version};
  if (!store_only) request.events = &setting.events;
  if (store_only || setting.lake == nullptr) {
    return make_backup(request, *around.disk, around.clock, progress);
  }
  BL_TRY(const auto lake, open_lake(setting.lake->options, around));
  const OpenLake open{*lake, around.world()};
  request.lake = &open;
  return make_backup(request, *around.disk, around.clock, progress);
}

/// The kind of store that the server has, which may be another than these settings say.
store::Dialect dialect_of(net::ApiClient& server) {
  const auto status = server.get("/api/v1/status");
  const json::Value* store = status.ok() ? status->find("store") : nullptr;
  const json::Value* kind = store != nullptr ? store->find("kind") : nullptr;
  const bool is_postgres = kind != nullptr && kind->is_string() && kind->as_string() == "postgres";
  return is_postgres ? store::Dialect::postgres : store::Dialect::sqlite;
}

Result<ExitCode> back_up(const std::string& version, const ServerSetting& setting,
                         const Arguments& arguments, CommandIo& io) {
  const auto disk = make_real_disk();
  const SystemClock clock;
  auto server = running_server(setting.data_folder, *disk);
  const std::string path = path_of_backup(
      arguments.text("PATH"), server ? dialect_of(*server) : setting.place.dialect, clock.now());
  PhaseBars bars(io.err, clock);
  Result<Manifest> made = Error(Code::internal, "nobody has made it");
  const bool store_only = arguments.flag("--store-only");
  if (server) {
    made = ask_server(*server, path, store_only, bars);
  } else {
    made = make_here(version, setting, path, store_only, bars);
  }
  BL_TRY(const Manifest manifest, std::move(made));
  if (arguments.flag("--json")) {
    std::string text;
    json::Writer writer(text);
    writer.begin_object().member("path", path);
    writer.key("manifest").raw(encode(manifest)).end_object();
    std::erase(text, '\n');
    fmt::print(io.out, "{}\n", text);
  } else {
    fmt::print(io.out, "{}\n", path);
    fmt::print(io.err, "backup: {}\n", describe(manifest));
  }
  return ExitCode::ok;
}

}  // namespace

Command backup_command(const CommandPorts& ports) {
  return operator_command(
      ports,
      {.path = "backup",
       .help =
           "writes a consistent copy of store, lake and build events and its manifest, also while "
           "the server runs",
       .example = "benchlake backup /backup/ --data /var/lib/benchlake",
       .options = {{.name = "--store-only", .help = "leave lake and build events out"}},
       .arguments = {{.name = "PATH", .help = "a new file, or a folder: then named by the time"}}},
      [version = ports.version](const ServerSetting& setting, const Arguments& arguments,
                                CommandIo& io) {
        return back_up(version, setting, arguments, io);
      });
}

}  // namespace bl::ops
