#include <fmt/format.h>

#include "events/commands/command_log.h"
#include "events/commands/declarations.h"
#include "events/commands/printed.h"

/// Events by their id, and by their time: `show`, `range`.
namespace bl::events {
namespace {

constexpr std::size_t k_range_default = 1'000;

Result<ExitCode> show(EventLog& log, const Arguments& arguments, CommandIo& io, CommandWorld&) {
  const std::string id = lowered(arguments.text("ID"));
  BL_TRY(const auto stored, log.event(id));
  if (!stored) return Error{Code::not_found, "there is no event of that id: " + id};
  if (arguments.flag("--json")) {
    print_json(json_of(*stored), io);
    return ExitCode::ok;
  }
  const BuildEvent& event = stored->event;
  const EventInShort brief = in_short(event);
  Table table({{"event"}, {event.event_id}});
  table.add_row({"sequence", std::to_string(stored->sequence)});
  table.add_row({"time", time_text(event.timestamp)});
  table.add_row({"build", event.build_request_id});
  table.add_row({"type", std::string(name_of(event.type()))});
  if (!brief.status.empty()) table.add_row({"status", brief.status});
  if (!brief.what.empty()) table.add_row({"what", brief.what});
  print_table(table, io);
  return ExitCode::ok;
}

Result<ExitCode> range(EventLog& log, const Arguments& arguments, CommandIo& io, CommandWorld&) {
  BL_TRY(const std::size_t limit, events_limit_of(arguments));
  std::int64_t from = std::numeric_limits<std::int64_t>::min();
  std::int64_t to = std::numeric_limits<std::int64_t>::max();
  if (arguments.has("--from")) {
    BL_TRY(from, time_of(arguments, "--from"));
  }
  if (arguments.has("--to")) {
    BL_TRY(to, time_of(arguments, "--to"));
  }
  BL_TRY(const Events events, log.events_in_range(from, to, limit));
  print_events(events, arguments, io);
  return ExitCode::ok;
}

}  // namespace

Command show_command(const CommandPorts& ports) {
  return log_command(ports,
                     {.path = "events show",
                      .help = "shows one event; with --json all of it, with its sequence",
                      .example = "benchlake events show 0190a3c4-0000-7000-8000-000000000001",
                      .options = {},
                      .arguments = {{.name = "ID", .help = "of an event"}},
                      .run = {}},
                     LogUse::read, show);
}

Command range_command(const CommandPorts& ports) {
  return log_command(
      ports,
      {.path = "events range",
       .help = "shows the events of a time, by their timestamps, both ends included",
       .example = "benchlake events range --from 2026-11-23T02:00:00Z --to 2026-11-23T03:00:00Z",
       .options = {time_option("--from", "only from then on; RFC 3339, or nanoseconds since 1970"),
                   time_option("--to", "only until then"),
                   {.name = "--limit",
                    .value_name = "COUNT",
                    .help = "at most",
                    .default_text = std::to_string(k_range_default)}},
       .arguments = {},
       .run = {}},
      LogUse::read, range);
}

}  // namespace bl::events
