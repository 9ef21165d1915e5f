#include <fmt/format.h>

#include "base/terminal.h"
#include "events/commands/command_log.h"
#include "events/commands/declarations.h"
#include "events/commands/printed.h"
#include "events/encode.h"
#include "events/partition_standing.h"

/// What goes on: `builds`, `partitions`, `jobs`, `activity`, `status`.
namespace bl::events {
namespace {

constexpr std::int64_t k_most = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t k_list_max = 1'000;

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

/// Nothing came: of a thing that no event names, or only none later than `--since`.
Result<void> check_is_known(const Events& events, const Slice& slice,
                            const std::function<Result<Events>(const Slice&)>& ask,
                            const std::string& refusal) {
  if (!events.events.empty()) return {};
  if (slice.since) {
    BL_TRY(const Events any, ask({.since = {}, .limit = 1}));
    if (!any.events.empty()) return {};
  }
  return Error{Code::not_found, refusal};
}

/// The events of one thing.
Result<ExitCode> show_events(const std::function<Result<Events>(const Slice&)>& ask,
                             const std::string& refusal, const Arguments& arguments,
                             CommandIo& io) {
  BL_TRY(const Slice slice, slice_of(arguments));
  BL_TRY(const Events events, ask(slice));
  BL_RETURN_IF_ERROR(check_is_known(events, slice, ask, refusal));
  print_events(events, arguments, io);
  return ExitCode::ok;
}

/// A list has no summary.
Result<void> check_lists_all(const Arguments& arguments) {
  if (!arguments.flag("--summary")) return {};
  return Error{Code::invalid, "--summary is of one: which?"};
}

CommandOption summary_option(std::string help) {
  return {.name = "--summary", .value_name = "", .help = std::move(help)};
}

Result<ExitCode> build_summary(EventLog& log, const std::string& id, const Arguments& arguments,
                               CommandIo& io) {
  BL_TRY(const auto build, log.build_request(id));
  if (!build) return Error{Code::not_found, "no event tells the build's status: " + id};
  if (arguments.flag("--json")) {
    print_json(json_of(*build), io);
    return ExitCode::ok;
  }
  Table table({{"build"}, {build->build_request_id}});
  table.add_row({"status", short_name(build->status)});
  table.add_row({"created", time_text(build->created_at)});
  table.add_row({"updated", time_text(build->updated_at)});
  table.add_row({"partitions", refs_text(build->requested_partitions)});
  print_table(table, io);
  return ExitCode::ok;
}

Result<ExitCode> partition_summary(EventLog& log, const std::string& ref,
                                   const Arguments& arguments, CommandIo& io) {
  BL_TRY(const auto standing, partition_standing(log, ref));
  if (!standing) return Error{Code::not_found, "no event tells the partition's status: " + ref};
  if (arguments.flag("--json")) {
    print_json(json_of(*standing), io);
    return ExitCode::ok;
  }
  Table table({{"partition"}, {ref}});
  table.add_row({"status", short_name(standing->state.status)});
  table.add_row({"since", time_text(standing->state.timestamp)});
  for (const std::string& build : standing->active_builds) table.add_row({"worked on by", build});
  if (standing->available_build) table.add_row({"made available by", *standing->available_build});
  print_table(table, io);
  return ExitCode::ok;
}

Result<ExitCode> builds(EventLog& log, const Arguments& arguments, CommandIo& io, CommandWorld&) {
  if (const auto given = arguments.text_or_null("ID")) {
    const std::string id = lowered(*given);
    if (arguments.flag("--summary")) return build_summary(log, id, arguments, io);
    return show_events([&](const Slice& slice) { return log.build_request_events(id, slice); },
                       "there is no such build: " + id, arguments, io);
  }
  BL_RETURN_IF_ERROR(check_lists_all(arguments));
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
    if (arguments.flag("--summary")) return partition_summary(log, *ref, arguments, io);
    return show_events([&](const Slice& slice) { return log.partition_events(*ref, slice); },
                       "no event names it: " + *ref, arguments, io);
  }
  BL_RETURN_IF_ERROR(check_lists_all(arguments));
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
  if (const auto run = arguments.text_or_null("--run")) {
    if (arguments.has("SEARCH")) {
      return Error{Code::invalid, "either SEARCH or --run: " + *run};
    }
    return show_events([&](const Slice& slice) { return log.job_run_events(*run, slice); },
                       "no event names the run: " + *run, arguments, io);
  }
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
  options.push_back(since_option());
  options.push_back(summary_option("of one: its status and times, in place of its events"));
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
  options.push_back(since_option());
  options.push_back(summary_option(
      "of one: its status, the builds that work on it, the build that made it available"));
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
  std::vector<CommandOption> options = paging_options();
  options.push_back(
      {.name = "--run", .value_name = "ID", .help = "shows the events of one run instead"});
  options.push_back(since_option());
  return log_command(
      ports,
      {.path = "events jobs",
       .help = "lists jobs by their labels: runs, how they ended, how long they took; or shows one "
               "run's events",
       .example = "benchlake events jobs //ingest",
       .options = options,
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
