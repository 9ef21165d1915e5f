#include <fmt/format.h>

#include "base/terminal.h"
#include "events/commands/command_log.h"
#include "events/commands/declarations.h"
#include "events/commands/event_lines.h"
#include "events/move_log.h"

/// Events into a log: `append` (all or none), `import` (any number, in batches).
namespace bl::events {
namespace {

constexpr std::size_t k_batch_default = 1'000;

void print(const Appended& appended, const Arguments& arguments, CommandIo& io) {
  if (arguments.flag("--json")) {
    std::string line;
    json::Writer(line)
        .begin_object()
        .member("added", appended.added)
        .member("repeated", appended.repeated)
        .end_object();
    fmt::print(io.out, "{}\n", line);
    return;
  }
  fmt::print(io.out, "{} events appended",
             with_thousands(static_cast<std::uint64_t>(appended.added)));
  if (appended.repeated > 0) {
    fmt::print(io.out, ", {} were there already",
               with_thousands(static_cast<std::uint64_t>(appended.repeated)));
  }
  fmt::print(io.out, "\n");
}

std::vector<std::string> files_of(const Arguments& arguments) {
  std::vector<std::string> files = arguments.list("FILE");
  if (files.empty()) files.emplace_back("-");
  return files;
}

Result<ExitCode> append_all(EventLog& log, const Arguments& arguments, CommandIo& io,
                            CommandWorld&) {
  std::vector<BuildEvent> events;
  for (const std::string& file : files_of(arguments)) {
    BL_TRY(EventInput input, EventInput::open(file, io));
    while (true) {
      BL_TRY(auto more, input.next(EventLog::k_append_max));
      if (more.empty()) break;
      if (events.size() + more.size() > EventLog::k_append_max) {
        return Error{Code::too_large,
                     fmt::format("one append takes {} events; `events import` takes any number",
                                 EventLog::k_append_max)};
      }
      std::ranges::move(more, std::back_inserter(events));
    }
  }
  Appended appended;
  if (!events.empty()) {
    BL_TRY(appended, log.append(events));
  }
  print(appended, arguments, io);
  return ExitCode::ok;
}

/// An append that was cut off is asked again: equal events change nothing.
Result<Appended> append_again(EventLog& log, std::span<const BuildEvent> events) {
  auto appended = log.append(events);
  if (!appended.ok() && appended.error().code == Code::outcome_unknown) return log.append(events);
  return appended;
}

void add(Appended& sum, const Appended& more) {
  sum.added += more.added;
  sum.repeated += more.repeated;
}

Result<void> import_file(EventLog& log, const std::string& file, std::size_t batch, Appended& sum,
                         CommandIo& io, const Clock& clock) {
  BL_TRY(EventInput input, EventInput::open(file, io));
  ProgressBar bar(io.err, clock, file == "-" ? "importing" : file, input.bytes());
  std::uint64_t shown = 0;
  while (true) {
    BL_TRY(const auto events, input.next(batch));
    if (events.empty()) return {};
    BL_TRY(const Appended appended, append_again(log, events));
    add(sum, appended);
    bar.advance(input.bytes() == 0 ? events.size() : input.bytes_read() - shown);
    shown = input.bytes_read();
  }
}

/// Another log, in the order in which its events came in.
Result<void> import_log(EventLog& to, EventLog& from, std::size_t batch, Appended& sum,
                        CommandIo& io, const Clock& clock) {
  std::unique_ptr<ProgressBar> bar;
  std::int64_t shown = 0;
  const auto show = [&](const MoveProgress& progress) {
    if (bar == nullptr) {
      bar = std::make_unique<ProgressBar>(io.err, clock, "copying",
                                          static_cast<std::uint64_t>(progress.total));
    }
    bar->advance(static_cast<std::uint64_t>(progress.read - shown));
    shown = progress.read;
    return true;
  };
  BL_TRY(const Moved moved, move_log(from, to, {.batch_events = batch, .progress = show}));
  sum = {.added = moved.added, .repeated = moved.repeated};
  return {};
}

Result<ExitCode> import_all(EventLog& log, const Arguments& arguments, CommandIo& io,
                            CommandWorld& world) {
  BL_TRY(const std::int64_t batch,
         arguments.integer("--batch", 1, static_cast<std::int64_t>(EventLog::k_append_max)));
  Appended sum;
  if (const auto uri = arguments.text_or_null("--from")) {
    if (!arguments.list("FILE").empty()) {
      return Error{Code::invalid, "either FILE or --from: " + *uri};
    }
    BL_TRY(const auto from, open_log_at({.server = {}, .uri = *uri}, LogUse::read, world));
    BL_RETURN_IF_ERROR(
        import_log(log, *from, static_cast<std::size_t>(batch), sum, io, world.clock));
  } else {
    for (const std::string& file : files_of(arguments)) {
      BL_RETURN_IF_ERROR(
          import_file(log, file, static_cast<std::size_t>(batch), sum, io, world.clock));
    }
  }
  print(sum, arguments, io);
  return ExitCode::ok;
}

}  // namespace

Command append_command(const CommandPorts& ports) {
  return log_command(
      ports,
      {.path = "events append",
       .help = "appends build events, all or none; the same again changes nothing",
       .example = "benchlake events append --log sqlite://events.db events.jsonl",
       .options = {},
       .arguments = {{.name = "FILE",
                      .help = "JSON lines, an event, or an array of them; `-` or nothing: standard "
                              "input",
                      .repeated = true,
                      .required = false}},
       .run = {}},
      LogUse::write, append_all);
}

Command import_command(const CommandPorts& ports) {
  return log_command(
      ports,
      {.path = "events import",
       .help = "appends any number of build events in batches, from files or another log; may be "
               "called again",
       .example = "benchlake events import --from sqlite://events.db --log delta:///srv/events",
       .options = {{.name = "--from",
                    .value_name = "URI",
                    .help = "another log, in place of files"},
                   {.name = "--batch",
                    .value_name = "COUNT",
                    .help = "events of one append",
                    .default_text = std::to_string(k_batch_default)}},
       .arguments = {{.name = "FILE",
                      .help = "JSON lines; `-` or nothing: standard input",
                      .repeated = true,
                      .required = false}},
       .run = {}},
      LogUse::write, import_all);
}

}  // namespace bl::events
