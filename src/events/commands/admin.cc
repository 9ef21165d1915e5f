#include <fmt/format.h>
#include <sys/stat.h>

#include "base/terminal.h"
#include "events/commands/command_log.h"
#include "events/commands/declarations.h"
#include "events/delta_admin.h"

/// What an operator does to a Delta log: `migrate`, `optimize`, `vacuum`, `checkpoint`, `fsck`.
/// They work on the table itself, also while a server writes to it.
namespace bl::events {
namespace {

constexpr std::int64_t k_years_of_seconds = 100ll * 366 * 24 * 3600;

/// A bar for each step of a long call.
class StepBars {
 public:
  StepBars(CommandIo& io, const Clock& clock) : io_(io), clock_(clock) {}
  AdminProgress progress() {
    return [this](std::string_view what, std::int64_t done, std::int64_t total) {
      show(what, done, total);
      return true;
    };
  }

 private:
  void show(std::string_view what, std::int64_t done, std::int64_t total) {
    if (bar_ == nullptr || what != what_ || done < done_) {
      bar_.reset();
      what_ = what;
      done_ = 0;
      bar_ = std::make_unique<ProgressBar>(
          io_.err, clock_, what_, static_cast<std::uint64_t>(std::max<std::int64_t>(total, 0)));
    }
    bar_->advance(static_cast<std::uint64_t>(done - done_));
    done_ = done;
  }

  CommandIo& io_;
  const Clock& clock_;
  std::string what_;
  std::int64_t done_ = 0;
  std::unique_ptr<ProgressBar> bar_;
};

using AdminBody = std::function<Result<ExitCode>(const LogUri& uri, const Arguments& arguments,
                                                 CommandIo& io, CommandWorld& world)>;

/// These work where the table is: `--log`, else the settings and DATABUILD_BUILD_EVENT_LOG; never a
/// server.
Result<LogUri> table_of(const CommandPorts& ports, const Arguments& arguments,
                        const CommandIo& io) {
  if (const auto uri = arguments.text_or_null("--log")) return parse_log_uri(*uri);
  BL_TRY(const LogSetting setting, ports.setting(arguments, io));
  if (!setting.is_built_in && !setting.log_uri.empty()) return parse_log_uri(setting.log_uri);
  const std::string* upstream = io.variable("DATABUILD_BUILD_EVENT_LOG");
  if (upstream != nullptr && !upstream->empty()) return parse_log_uri(*upstream);
  return Error{Code::not_found,
               "which table? name it with --log delta:///PATH or BENCHLAKE_EVENTS_LOG"};
}

Command admin_command(const CommandPorts& ports, Command declaration, AdminBody body) {
  declaration.options.push_back({.name = "--log",
                                 .value_name = "URI",
                                 .help = "delta:///PATH, delta+s3://BUCKET/PATH; else "
                                         "BENCHLAKE_EVENTS_LOG, DATABUILD_BUILD_EVENT_LOG"});
  for (const CommandOption& option : ports.options) declaration.options.push_back(option);
  declaration.run = [ports, body = std::move(body)](const Arguments& arguments, CommandIo& io) {
    umask(077);
    CommandWorld world(io);
    const auto run = [&]() -> Result<ExitCode> {
      BL_TRY(const LogUri uri, table_of(ports, arguments, io));
      return body(uri, arguments, io, world);
    };
    const auto outcome = run();
    return outcome.ok() ? *outcome : report(outcome.error(), arguments, io);
  };
  return declaration;
}

std::string bytes_text(std::uint64_t bytes) {
  return human_value(static_cast<double>(bytes), "B");
}

Result<ExitCode> run_migrate(const LogUri& uri, const Arguments& arguments, CommandIo& io,
                             CommandWorld& world) {
  BL_TRY(const std::int64_t to, arguments.integer("--to", 1, 1'000));
  BL_TRY(const LogWorld log_world, world.log_world());
  BL_TRY(const Migrated migrated, migrate(uri, log_world, static_cast<int>(to)));
  if (arguments.flag("--json")) {
    std::string line;
    json::Writer(line)
        .begin_object()
        .member("from", migrated.from)
        .member("to", migrated.to)
        .member("version", migrated.version)
        .end_object();
    fmt::print(io.out, "{}\n", line);
  } else if (migrated.from == migrated.to) {
    fmt::print(io.out, "schema version {} already\n", migrated.to);
  } else {
    fmt::print(io.out, "schema version {} became {}, table version {}\n", migrated.from,
               migrated.to, migrated.version);
  }
  return ExitCode::ok;
}

Result<ExitCode> run_optimize(const LogUri& uri, const Arguments& arguments, CommandIo& io,
                              CommandWorld& world) {
  BL_TRY(const LogWorld log_world, world.log_world());
  StepBars bars(io, world.clock);
  BL_TRY(const Optimized optimized, optimize(uri, log_world, bars.progress()));
  if (arguments.flag("--json")) {
    std::string line;
    json::Writer(line)
        .begin_object()
        .member("files_before", optimized.files_before)
        .member("files_after", optimized.files_after)
        .member("runs", optimized.runs)
        .member("bytes_before", optimized.bytes_before)
        .member("bytes_after", optimized.bytes_after)
        .end_object();
    fmt::print(io.out, "{}\n", line);
    return ExitCode::ok;
  }
  fmt::print(io.out, "{} files became {}, {} became {}\n", optimized.files_before,
             optimized.files_after, bytes_text(optimized.bytes_before),
             bytes_text(optimized.bytes_after));
  return ExitCode::ok;
}

Result<ExitCode> run_vacuum(const LogUri& uri, const Arguments& arguments, CommandIo& io,
                            CommandWorld& world) {
  VacuumOptions options{.force = arguments.flag("--force"), .dry_run = arguments.flag("--dry-run")};
  if (arguments.has("--retention")) {
    BL_TRY(const std::int64_t seconds, arguments.integer("--retention", 1, k_years_of_seconds));
    options.retention = std::chrono::seconds(seconds);
  }
  BL_TRY(const LogWorld log_world, world.log_world());
  StepBars bars(io, world.clock);
  BL_TRY(const Vacuumed vacuumed, vacuum(uri, log_world, options, bars.progress()));
  if (arguments.flag("--json")) {
    std::string line;
    json::Writer writer(line);
    writer.begin_object()
        .member("dry_run", options.dry_run)
        .member("files", vacuumed.files)
        .member("bytes", vacuumed.bytes)
        .member("log_files", vacuumed.log_files)
        .member("kept", vacuumed.kept)
        .key("paths")
        .begin_array();
    for (const std::string& path : vacuumed.paths) writer.value(path);
    writer.end_array().end_object();
    fmt::print(io.out, "{}\n", line);
    return ExitCode::ok;
  }
  if (options.dry_run) {
    for (const std::string& path : vacuumed.paths) fmt::print(io.out, "{}\n", path);
  }
  fmt::print(io.out, "{} files of {} and {} old files of the log {}; {} are not old enough\n",
             vacuumed.files, bytes_text(vacuumed.bytes), vacuumed.log_files,
             options.dry_run ? "would go" : "are gone", vacuumed.kept);
  return ExitCode::ok;
}

Result<ExitCode> run_checkpoint(const LogUri& uri, const Arguments& arguments, CommandIo& io,
                                CommandWorld& world) {
  BL_TRY(const LogWorld log_world, world.log_world());
  BL_TRY(const std::int64_t version, checkpoint(uri, log_world));
  if (arguments.flag("--json")) {
    fmt::print(io.out, "{{\"version\":{}}}\n", version);
  } else {
    fmt::print(io.out, "checkpoint of version {}\n", version);
  }
  return ExitCode::ok;
}

std::string json_of(const Fsck& found) {
  std::string text;
  json::Writer writer(text);
  writer.begin_object()
      .member("version", found.version)
      .member("commits", found.commits)
      .member("files", found.files)
      .member("rows", found.rows)
      .member("events", found.events)
      .member("bytes", found.bytes)
      .member("log_bytes", found.log_bytes)
      .member("journals", found.journals)
      .member("journal_bytes", found.journal_bytes)
      .member("unlisted_files", found.unlisted_files)
      .member("repeated", found.repeated)
      .member("findings_all", found.findings_all)
      .key("findings")
      .begin_array();
  for (const Fsck::Finding& finding : found.findings) {
    writer.begin_object().member("where", finding.where).member("what", finding.what).end_object();
  }
  writer.end_array().end_object();
  return text;
}

Result<ExitCode> run_fsck(const LogUri& uri, const Arguments& arguments, CommandIo& io,
                          CommandWorld& world) {
  BL_TRY(const LogWorld log_world, world.log_world());
  StepBars bars(io, world.clock);
  BL_TRY(const Fsck found, fsck(uri, log_world, bars.progress()));
  if (arguments.flag("--json")) {
    fmt::print(io.out, "{}\n", json_of(found));
  } else {
    fmt::print(io.out, "version {}: {} events in {} files of {}, {} commits of {}\n", found.version,
               with_thousands(static_cast<std::uint64_t>(found.events)), found.files,
               bytes_text(found.bytes), found.commits, bytes_text(found.log_bytes));
    if (found.journals > 0) {
      fmt::print(io.out, "{} journals of {}\n", found.journals, bytes_text(found.journal_bytes));
    }
    if (found.repeated > 0) fmt::print(io.out, "{} rows are there twice\n", found.repeated);
    if (found.unlisted_files > 0) {
      fmt::print(io.out, "{} files are for vacuum\n", found.unlisted_files);
    }
    for (const Fsck::Finding& finding : found.findings) {
      fmt::print(io.out, "{}: {}\n", finding.where, finding.what);
    }
    fmt::print(io.out, "{}\n",
               found.findings_all == 0 ? "nothing is wrong"
                                       : fmt::format("{} things are wrong", found.findings_all));
  }
  return found.findings_all == 0 ? ExitCode::ok : ExitCode::regression;
}

}  // namespace

Command migrate_command(const CommandPorts& ports) {
  return admin_command(ports,
                       {.path = "events migrate",
                        .help = "gives a Delta log a newer schema version; old readers read on",
                        .example = "benchlake events migrate --log delta:///srv/events --to 2",
                        .options = {{.name = "--to",
                                     .value_name = "VERSION",
                                     .help = "of the schema",
                                     .default_text = "2"}},
                        .arguments = {},
                        .run = {}},
                       run_migrate);
}

Command optimize_command(const CommandPorts& ports) {
  return admin_command(ports,
                       {.path = "events optimize",
                        .help = "merges the small files of a Delta log, keeping the order",
                        .example = "benchlake events optimize --log delta:///srv/events",
                        .options = {},
                        .arguments = {},
                        .run = {}},
                       run_optimize);
}

Command vacuum_command(const CommandPorts& ports) {
  return admin_command(
      ports,
      {.path = "events vacuum",
       .help = "removes files that a Delta log has no more and that are old enough",
       .example = "benchlake events vacuum --log delta:///srv/events --dry-run",
       .options = {{.name = "--retention",
                    .value_name = "SECONDS",
                    .help = "how old; else what the table says, else a week"},
                   {.name = "--force",
                    .value_name = "",
                    .help = "also under an hour: may take files of who writes or reads now"},
                   {.name = "--dry-run", .value_name = "", .help = "says what would go"}},
       .arguments = {},
       .run = {}},
      run_vacuum);
}

Command checkpoint_command(const CommandPorts& ports) {
  return admin_command(ports,
                       {.path = "events checkpoint",
                        .help = "writes a checkpoint of a Delta log",
                        .example = "benchlake events checkpoint --log delta:///srv/events",
                        .options = {},
                        .arguments = {},
                        .run = {}},
                       run_checkpoint);
}

Command fsck_command(const CommandPorts& ports) {
  return admin_command(ports,
                       {.path = "events fsck",
                        .help = "looks at a Delta log from end to end; exit code 1 when something "
                                "is wrong",
                        .example = "benchlake events fsck --log delta:///srv/events",
                        .options = {},
                        .arguments = {},
                        .run = {}},
                       run_fsck);
}

}  // namespace bl::events
