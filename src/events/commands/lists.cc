#include <fmt/format.h>

#include "base/terminal.h"
#include "base/time.h"
#include "events/commands/command_log.h"
#include "events/commands/declarations.h"
#include "events/encode.h"

/// What goes on: `builds`, `partitions`, `jobs`, `activity`, `status`.
namespace bl::events {
namespace {

constexpr std::int64_t k_most = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t k_list_max = 1'000;
constexpr std::size_t k_refs_shown = 3;

/// Nanoseconds for people, to the millisecond.
std::string time_text(std::int64_t nanoseconds) {
  if (nanoseconds <= 0) return "-";
  return to_rfc3339(Timestamp::from_millis(nanoseconds / 1'000'000));
}
/// `PARTITION_AVAILABLE` -> `available`.
template <class Status>
std::string short_name(Status status) {
  std::string_view name = name_of(status);
  for (const std::string_view prefix : {"BUILD_REQUEST_", "PARTITION_", "JOB_"}) {
    if (name.starts_with(prefix)) name.remove_prefix(prefix.size());
  }
  std::string text(name);
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}
std::string refs_text(const std::vector<PartitionRef>& refs) {
  std::string text;
  for (std::size_t i = 0; i < std::min(refs.size(), k_refs_shown); ++i) {
    text.append(i == 0 ? "" : ", ").append(refs[i]);
  }
  if (refs.size() > k_refs_shown) text += fmt::format(" and {} more", refs.size() - k_refs_shown);
  return text;
}

void print_table(const Table& table, CommandIo& io) {
  fmt::print(io.out, "{}", table.to_text(terminal_width(io.out), is_color_terminal(io.out)));
}
void print_json(const std::string& text, CommandIo& io) {
  fmt::print(io.out, "{}\n", text);
}

template <class T>
std::string json_of(const T& value) {
  std::string text;
  json::Writer writer(text);
  encode(writer, value);
  return text;
}

template <class T>
std::string list_json(std::string_view name, const Listed<T>& list) {
  std::string text;
  json::Writer writer(text);
  writer.begin_object().key(name).begin_array();
  for (const T& item : list.items) encode(writer, item);
  writer.end_array().member("total", list.total).end_object();
  return text;
}

void print_total(std::size_t shown, std::int64_t total, std::string_view what, CommandIo& io) {
  if (static_cast<std::int64_t>(shown) == total) return;
  fmt::print(io.out, "{} of {} {}\n", shown, with_thousands(static_cast<std::uint64_t>(total)),
             what);
}

Result<Paging> paging_of(const Arguments& arguments) {
  Paging paging;
  BL_TRY(const std::int64_t limit, arguments.integer("--limit", 1, k_list_max));
  BL_TRY(const std::int64_t offset, arguments.integer("--offset", 0, k_most));
  paging.limit = static_cast<std::size_t>(limit);
  paging.offset = static_cast<std::size_t>(offset);
  return paging;
}

std::vector<CommandOption> paging_options() {
  return {{.name = "--limit", .value_name = "COUNT", .help = "at most", .default_text = "20"},
          {.name = "--offset", .value_name = "COUNT", .help = "leaves out", .default_text = "0"}};
}

/// One line an event.
void print_events(const Events& events, const Arguments& arguments, CommandIo& io) {
  if (arguments.flag("--json")) {
    for (const BuildEvent& event : events.events) print_json(event_json(event), io);
    return;
  }
  Table table({{"time"}, {"type"}, {"status"}, {"what"}});
  for (const BuildEvent& event : events.events) {
    std::string status;
    std::string what;
    if (const auto* build = std::get_if<BuildRequestEvent>(&event.payload)) {
      status = short_name(build->status);
      what = refs_text(build->requested_partitions);
    } else if (const auto* partition = std::get_if<PartitionEvent>(&event.payload)) {
      status = short_name(partition->status);
      what = partition->partition_ref;
    } else if (const auto* job = std::get_if<JobEvent>(&event.payload)) {
      status = short_name(job->status);
      what = job->job_label + " " + job->job_run_id;
    } else {
      what = refs_text([&] {
        std::vector<PartitionRef> refs;
        for (const std::string_view ref : partitions_of(event)) refs.emplace_back(ref);
        return refs;
      }());
    }
    table.add_row({time_text(event.timestamp), std::string(name_of(event.type())), status, what});
  }
  print_table(table, io);
  if (events.has_more) fmt::print(io.out, "there are more: --limit, --since\n");
}

/// `--since` and `--limit` of one entity's events.
Result<Slice> slice_of(const Arguments& arguments) {
  Slice slice;
  BL_TRY(const std::int64_t limit,
         arguments.integer("--limit", 1, static_cast<std::int64_t>(Slice::k_events_max)));
  slice.limit = static_cast<std::size_t>(limit);
  return slice;
}

Result<ExitCode> builds(EventLog& log, const Arguments& arguments, CommandIo& io, CommandWorld&) {
  if (const auto id = arguments.text_or_null("ID")) {
    BL_TRY(const Slice slice, slice_of(arguments));
    BL_TRY(const Events events, log.build_request_events(*id, slice));
    if (events.events.empty()) return Error{Code::not_found, "there is no such build: " + *id};
    print_events(events, arguments, io);
    return ExitCode::ok;
  }
  BL_TRY(const Paging paging, paging_of(arguments));
  std::optional<BuildRequestStatus> status;
  if (const auto name = arguments.text_or_null("--status")) {
    status = build_request_status_named(*name);
    if (!status) return Error{Code::invalid, "--status is none of a build: " + *name};
  }
  BL_TRY(const auto list, log.list_build_requests(paging, status));
  if (arguments.flag("--json")) {
    print_json(list_json("builds", list), io);
    return ExitCode::ok;
  }
  Table table({{"build"}, {"status"}, {"updated"}, {"created"}, {"partitions"}});
  for (const BuildRequestSummary& build : list.items) {
    table.add_row({build.build_request_id, short_name(build.status), time_text(build.updated_at),
                   time_text(build.created_at), refs_text(build.requested_partitions)});
  }
  print_table(table, io);
  print_total(list.items.size(), list.total, "builds", io);
  return ExitCode::ok;
}

Result<ExitCode> partitions(EventLog& log, const Arguments& arguments, CommandIo& io,
                            CommandWorld&) {
  if (const auto ref = arguments.text_or_null("REF")) {
    BL_TRY(const Slice slice, slice_of(arguments));
    BL_TRY(const Events events, log.partition_events(*ref, slice));
    if (events.events.empty()) return Error{Code::not_found, "no event names it: " + *ref};
    print_events(events, arguments, io);
    return ExitCode::ok;
  }
  BL_TRY(const Paging paging, paging_of(arguments));
  std::optional<PartitionStatus> status;
  if (const auto name = arguments.text_or_null("--status")) {
    status = partition_status_named(*name);
    if (!status) return Error{Code::invalid, "--status is none of a partition: " + *name};
  }
  BL_TRY(const auto list, log.list_recent_partitions(paging, status));
  if (arguments.flag("--json")) {
    print_json(list_json("partitions", list), io);
    return ExitCode::ok;
  }
  Table table({{"partition"}, {"status"}, {"updated"}, {"build"}});
  for (const PartitionSummary& partition : list.items) {
    table.add_row({partition.partition_ref, short_name(partition.status),
                   time_text(partition.updated_at), partition.build_request_id});
  }
  print_table(table, io);
  print_total(list.items.size(), list.total, "partitions", io);
  return ExitCode::ok;
}

std::string mean_duration(const JobSummary& job) {
  if (job.timed_runs == 0) return "-";
  return human_value(static_cast<double>(job.total_duration) / static_cast<double>(job.timed_runs),
                     "ns");
}

Result<ExitCode> jobs(EventLog& log, const Arguments& arguments, CommandIo& io, CommandWorld&) {
  BL_TRY(const Paging paging, paging_of(arguments));
  BL_TRY(const auto list, log.list_jobs(paging, arguments.text("SEARCH")));
  if (arguments.flag("--json")) {
    print_json(list_json("jobs", list), io);
    return ExitCode::ok;
  }
  using enum Table::Align;
  Table table({{"job"},
               {"runs", right},
               {"completed", right},
               {"failed", right},
               {"cancelled", right},
               {"mean duration", right},
               {"last"},
               {"status"}});
  const auto count = [](std::int64_t number) {
    return with_thousands(static_cast<std::uint64_t>(number));
  };
  for (const JobSummary& job : list.items) {
    table.add_row({job.job_label, count(job.total_runs), count(job.successful_runs),
                   count(job.failed_runs), count(job.cancelled_runs), mean_duration(job),
                   time_text(job.last_run_timestamp), short_name(job.last_run_status)});
  }
  print_table(table, io);
  print_total(list.items.size(), list.total, "jobs", io);
  return ExitCode::ok;
}

Result<ExitCode> activity(EventLog& log, const Arguments& arguments, CommandIo& io, CommandWorld&) {
  BL_TRY(const ActivitySummary summary, log.activity());
  if (arguments.flag("--json")) {
    print_json(json_of(summary), io);
    return ExitCode::ok;
  }
  fmt::print(io.out, "{} active builds, {} partitions\n\n", summary.active_builds_count,
             summary.total_partitions_count);
  Table builds({{"build"}, {"status"}, {"updated"}, {"partitions"}});
  for (const BuildRequestSummary& build : summary.recent_builds) {
    builds.add_row({build.build_request_id, short_name(build.status), time_text(build.updated_at),
                    refs_text(build.requested_partitions)});
  }
  print_table(builds, io);
  fmt::print(io.out, "\n");
  Table partitions({{"partition"}, {"status"}, {"updated"}});
  for (const PartitionSummary& partition : summary.recent_partitions) {
    partitions.add_row(
        {partition.partition_ref, short_name(partition.status), time_text(partition.updated_at)});
  }
  print_table(partitions, io);
  return ExitCode::ok;
}

Result<ExitCode> status(EventLog& log, const Arguments& arguments, CommandIo& io, CommandWorld&) {
  BL_TRY(const LogStatus facts, log.status());
  if (arguments.flag("--json")) {
    print_json(json_of(facts), io);
    return ExitCode::ok;
  }
  Table table({{"log"}, {facts.uri}});
  table.add_row({"backend", facts.backend});
  table.add_row({"events", with_thousands(static_cast<std::uint64_t>(facts.events))});
  table.add_row({"newest", std::to_string(facts.newest)});
  if (facts.unpublished > 0) {
    table.add_row({"not in the table yet", std::to_string(facts.unpublished)});
  }
  table.add_row({"schema version", std::to_string(facts.schema_version)});
  if (facts.version) table.add_row({"table version", std::to_string(*facts.version)});
  if (facts.files > 0) table.add_row({"files", std::to_string(facts.files)});
  if (facts.bytes > 0) {
    table.add_row({"size", human_value(static_cast<double>(facts.bytes), "B")});
  }
  print_table(table, io);
  return ExitCode::ok;
}

}  // namespace

Command builds_command(const CommandPorts& ports) {
  std::vector<CommandOption> options = paging_options();
  options.push_back(
      {.name = "--status", .value_name = "STATUS", .help = "received, planning, ..."});
  return log_command(ports,
                     {.path = "events builds",
                      .help = "lists builds, newest updated first, or shows one's events",
                      .example = "benchlake events builds --status executing",
                      .options = options,
                      .arguments = {{.name = "ID", .help = "of a build", .required = false}},
                      .run = {}},
                     LogUse::read, builds);
}

Command partitions_command(const CommandPorts& ports) {
  std::vector<CommandOption> options = paging_options();
  options.push_back({.name = "--status", .value_name = "STATUS", .help = "available, failed, ..."});
  return log_command(ports,
                     {.path = "events partitions",
                      .help = "lists partitions, newest updated first, or shows one's events",
                      .example = "benchlake events partitions data/users/2026-11-22",
                      .options = options,
                      .arguments = {{.name = "REF", .help = "of a partition", .required = false}},
                      .run = {}},
                     LogUse::read, partitions);
}

Command jobs_command(const CommandPorts& ports) {
  return log_command(
      ports,
      {.path = "events jobs",
       .help = "lists jobs by their labels: runs, how they ended, how long they took",
       .example = "benchlake events jobs //ingest",
       .options = paging_options(),
       .arguments = {{.name = "SEARCH", .help = "a part of the label", .required = false}},
       .run = {}},
      LogUse::read, jobs);
}

Command activity_command(const CommandPorts& ports) {
  return log_command(ports,
                     {.path = "events activity",
                      .help = "shows what goes on: active builds, the newest builds and partitions",
                      .example = "benchlake events activity --log postgres://db/events",
                      .options = {},
                      .arguments = {},
                      .run = {}},
                     LogUse::read, activity);
}

Command status_command(const CommandPorts& ports) {
  return log_command(ports,
                     {.path = "events status",
                      .help = "shows the log itself: backend, events, size, version",
                      .example = "benchlake events status --log delta:///srv/events --json",
                      .options = {},
                      .arguments = {},
                      .run = {}},
                     LogUse::read, status);
}

}  // namespace bl::events
