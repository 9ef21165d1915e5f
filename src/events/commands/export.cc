#include <fmt/format.h>

#include <thread>

#include "base/terminal.h"
#include "events/commands/command_log.h"
#include "events/commands/declarations.h"
#include "events/commands/filter_options.h"
#include "events/commands/printed.h"

/// Events out of a log, as JSON lines: `export` (all there are), `tail` (as they come).
namespace bl::events {
namespace {

constexpr std::size_t k_page = 1'000;
constexpr std::int64_t k_most = std::numeric_limits<std::int64_t>::max();

using Output = std::unique_ptr<std::FILE, void (*)(std::FILE*)>;

/// A new file, or standard output.
Result<Output> output_of(const Arguments& arguments, CommandIo& io) {
  const auto file = arguments.text_or_null("--output");
  if (!file || *file == "-") return Output(io.out, [](std::FILE*) {});
  Output to(std::fopen(file->c_str(), "wx"), [](std::FILE* one) { (void)std::fclose(one); });
  if (to == nullptr) return Error{Code::io, "cannot make the file " + *file};
  return to;
}

Result<void> write_line(std::FILE* to, const StoredEvent& stored, bool with_sequence) {
  std::string line = with_sequence ? json_of(stored) : event_json(stored.event);
  line += '\n';
  if (std::fwrite(line.data(), 1, line.size(), to) == line.size()) return {};
  return Error{Code::io, "cannot write the events"};
}

Result<ExitCode> export_all(EventLog& log, const Arguments& arguments, CommandIo& io,
                            CommandWorld& world) {
  BL_TRY(const EventFilter filter, filter_of(arguments));
  BL_TRY(const Output to, output_of(arguments, io));
  BL_TRY(const LogStatus status, log.status());
  ProgressBar bar(io.err, world.clock, "exporting", static_cast<std::uint64_t>(status.events));
  for (Sequence after = 0;;) {
    BL_TRY(const EventPage page, log.list(after, filter, k_page));
    for (const StoredEvent& stored : page.events) {
      BL_RETURN_IF_ERROR(write_line(to.get(), stored, false));
    }
    bar.advance(page.events.size());
    if (!page.has_more) break;
    after = page.next;
  }
  if (std::fflush(to.get()) != 0) return Error{Code::io, "cannot write the events"};
  return ExitCode::ok;
}

Result<ExitCode> tail(EventLog& log, const Arguments& arguments, CommandIo& io, CommandWorld&) {
  BL_TRY(const EventFilter filter, filter_of(arguments));
  BL_TRY(const std::int64_t poll_ms, arguments.integer("--poll", 1, 3'600'000));
  std::int64_t left = k_most;
  if (arguments.has("--count")) {
    BL_TRY(left, arguments.integer("--count", 1, k_most));
  }
  Sequence after = 0;
  if (arguments.has("--since")) {
    BL_TRY(after, arguments.integer("--since", 0, k_most));
  } else {
    BL_TRY(const LogStatus status, log.status());
    after = status.newest;
  }
  while (true) {
    BL_TRY(const EventPage page, log.list(after, filter, k_page));
    for (const StoredEvent& stored : page.events) {
      BL_RETURN_IF_ERROR(write_line(io.out, stored, true));
      if (--left == 0) return ExitCode::ok;
    }
    if (std::fflush(io.out) != 0) return Error{Code::io, "nobody reads the events"};
    after = std::max(after, page.next);
    if (page.has_more) continue;
    if (arguments.flag("--until-end")) return ExitCode::ok;
    std::this_thread::sleep_for(std::chrono::milliseconds(poll_ms));
  }
}

}  // namespace

Command export_command(const CommandPorts& ports) {
  Command command{
      .path = "events export",
      .help = "writes all events of a log as JSON lines, in the order in which they came in",
      .example = "benchlake events export --log delta:///srv/events --output events.jsonl",
      .options = {{.name = "--output", .value_name = "FILE", .help = "a new file for the lines"}},
      .arguments = {},
      .run = {}};
  add_filter_options(command);
  return log_command(ports, std::move(command), LogUse::read, export_all);
}

Command tail_command(const CommandPorts& ports) {
  Command command{
      .path = "events tail",
      .help = "prints events as they come in, as JSON lines with their sequences",
      .example = "benchlake events tail --log sqlite://events.db --since 0 --type partition",
      .options = {{.name = "--since",
                   .value_name = "SEQUENCE",
                   .help = "begins behind it; else with what comes from now on"},
                  {.name = "--until-end", .value_name = "", .help = "ends with what is there"},
                  {.name = "--count", .value_name = "COUNT", .help = "ends after so many"},
                  {.name = "--poll",
                   .value_name = "MS",
                   .help = "how often the log is asked",
                   .default_text = "1000"}},
      .arguments = {},
      .run = {}};
  add_filter_options(command);
  return log_command(ports, std::move(command), LogUse::read, tail);
}

}  // namespace bl::events
