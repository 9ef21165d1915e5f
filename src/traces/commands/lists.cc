#include <fmt/format.h>

#include "base/terminal.h"
#include "base/uri.h"
#include "traces/commands/asking.h"

/// What there is: `search`, `services`, `status`.
namespace bl::traces {
namespace {

void print_table(const Table& table, CommandIo& io) {
  fmt::print(io.out, "{}", table.to_text(terminal_width(io.out), is_color_terminal(io.out)));
}

/// An option and the parameter of the route.
struct Filter {
  const char* option;
  const char* parameter;
  const char* value_name;
  const char* help;
};
constexpr Filter k_filters[] = {
    {"--service", "service", "NAME", "of the span"},
    {"--operation", "operation", "NAME", "the span's name"},
    {"--kind", "kind", "KIND", "server, client, internal, producer, consumer"},
    {"--status", "status", "STATUS", "unset, ok, error"},
    {"--min-duration", "min_duration", "TIME", "of the span: 1.2ms, 3s"},
    {"--max-duration", "max_duration", "TIME", "of the span"},
    {"--run-id", "run_id", "ID", "of the benchmark run or build"},
    {"--query", "q", "TRACEQL", "as Grafana has it: { duration > 10ms && status = error }"},
    {"--start", "start", "TIME", "of the window: RFC 3339, or nanoseconds; else a day ago"},
    {"--end", "end", "TIME", "of the window; else now"},
    {"--page", "page", "TOKEN", "next_page of an answer before"},
};

Result<ExitCode> search(net::ApiClient& server, const Arguments& arguments, CommandIo& io) {
  BL_TRY(const std::int64_t limit, arguments.integer("--limit", 1, 1'000));
  std::vector<std::pair<const char*, std::string>> pairs = {{"limit", std::to_string(limit)}};
  for (const Filter& filter : k_filters) {
    pairs.emplace_back(filter.parameter, arguments.text(filter.option));
  }
  for (const std::string& attribute : arguments.list("--attribute")) {
    pairs.emplace_back("attribute", attribute);
  }
  BL_TRY(const json::Value answer, server.get("/api/v1/traces" + query_of(pairs)));
  print_partial(answer, io);
  if (arguments.flag("--json")) {
    print_json(answer, io);
    return ExitCode::ok;
  }
  using enum Table::Align;
  Table table({{"start"},
               {"trace"},
               {"root"},
               {"took", right},
               {"spans", right},
               {"errors", right},
               {"matched", right}});
  for (const json::Value& trace : list_at(answer, "traces")) {
    table.add_row({start_text(trace), text_at(trace, "trace_id"), root_text(trace),
                   duration_text(number_at(trace, "duration_ns")),
                   count_text(number_at(trace, "spans")), count_text(number_at(trace, "errors")),
                   count_text(number_at(trace, "matched"))});
  }
  print_table(table, io);
  const std::string next = text_at(answer, "next_page");
  if (!next.empty()) fmt::print(io.out, "there are more: --page {}\n", next);
  return ExitCode::ok;
}

Result<ExitCode> services(net::ApiClient& server, const Arguments& arguments, CommandIo& io) {
  const auto service = arguments.text_or_null("SERVICE");
  const std::string path = service ? "/api/v1/traces/operations?service=" + percent_encode(*service)
                                   : "/api/v1/traces/services";
  BL_TRY(const json::Value answer, server.get(path));
  if (arguments.flag("--json")) {
    print_json(answer, io);
    return ExitCode::ok;
  }
  for (const json::Value& name : list_at(answer, "services")) {
    fmt::print(io.out, "{}\n", name.as_string());
  }
  if (!service) return ExitCode::ok;
  Table table({{"operation"}, {"kind"}});
  for (const json::Value& operation : list_at(answer, "operations")) {
    table.add_row({text_at(operation, "name"), text_at(operation, "kind")});
  }
  print_table(table, io);
  return ExitCode::ok;
}

Result<ExitCode> status(net::ApiClient& server, const Arguments& arguments, CommandIo& io) {
  BL_TRY(const json::Value answer, server.get("/api/v1/traces/status"));
  if (arguments.flag("--json")) {
    print_json(answer, io);
    return ExitCode::ok;
  }
  const auto bytes = [&](const char* key) {
    return human_value(static_cast<double>(number_at(answer, key)), "B");
  };
  const json::Value* complete = answer.find("bounds_complete");
  const bool is_complete = complete != nullptr && complete->is_bool() && complete->as_bool();
  Table table({{"traces"}, {count_text(number_at(answer, "traces"))}});
  table.add_row({"spans", count_text(number_at(answer, "spans"))});
  table.add_row({"spans in no file yet", count_text(number_at(answer, "tail_spans"))});
  table.add_row({"files", count_text(number_at(answer, "files"))});
  table.add_row({"size", bytes("bytes")});
  table.add_row({"index in memory", bytes("resident_bytes")});
  table.add_row({"index", is_complete ? "knows every trace" : "is being built"});
  print_table(table, io);
  return ExitCode::ok;
}

}  // namespace

Command search_command() {
  std::vector<CommandOption> options;
  for (const Filter& filter : k_filters) {
    options.push_back(
        {.name = filter.option, .value_name = filter.value_name, .help = filter.help});
  }
  options.push_back({.name = "--attribute",
                     .value_name = "KEY=VALUE",
                     .help = "of the span, its resource, scope, events or links",
                     .repeated = true});
  options.push_back(
      {.name = "--limit", .value_name = "COUNT", .help = "traces at most", .default_text = "20"});
  return asking_command(
      {.path = "traces search",
       .help = "finds traces with a span of which all of these hold, newest first",
       .example = "benchlake traces search --service checkout --min-duration 250ms",
       .options = options,
       .arguments = {},
       .run = {}},
      search);
}

Command services_command() {
  return asking_command(
      {.path = "traces services",
       .help = "lists services, or the operations of one",
       .example = "benchlake traces services checkout",
       .options = {},
       .arguments = {{.name = "SERVICE", .help = "whose operations", .required = false}},
       .run = {}},
      services);
}

Command status_command() {
  return asking_command({.path = "traces status",
                         .help = "shows how many traces are kept, and where",
                         .example = "benchlake traces status --json",
                         .options = {},
                         .arguments = {},
                         .run = {}},
                        status);
}

}  // namespace bl::traces
